#include "domain/fields.hpp"

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"

namespace cartwise::tenant {
namespace {

TEST_CASE("an e-mail has one @ with something on both sides", "[fields]") {
  CHECK(IsEmail("a@b"));
  CHECK(IsEmail("first.last+tag@shop.example"));
  for (const char* bad : {"", "@b", "a@", "a@b@c", "a b@c", "A@b", "ab"}) {
    CAPTURE(bad);
    CHECK_FALSE(IsEmail(bad));
  }
  CHECK_FALSE(IsEmail(std::string(250, 'a') + "@b.cd"));
}

TEST_CASE("slugs and branch codes keep to what MQTT topics and URLs bear", "[fields]") {
  CHECK(IsSlug("rami-levi"));
  CHECK_FALSE(IsSlug("r"));
  CHECK_FALSE(IsSlug("Rami"));
  CHECK_FALSE(IsSlug("a/b"));
  CHECK_FALSE(IsSlug(std::string(101, 'a')));
  CHECK(IsBranchCode("Haifa-1"));
  CHECK_FALSE(IsBranchCode(""));
  CHECK_FALSE(IsBranchCode("a+b"));
}

TEST_CASE("a time zone is an IANA name, never a path", "[fields]") {
  CHECK(IsTimeZone("Asia/Jerusalem"));
  CHECK(IsTimeZone("UTC"));
  CHECK_FALSE(IsTimeZone("Asia/Nowhere"));
  CHECK_FALSE(IsTimeZone("/usr/share/zoneinfo/UTC"));
  CHECK_FALSE(IsTimeZone("../zoneinfo/UTC"));
  CHECK_FALSE(IsTimeZone("libc:localtime"));
}

}  // namespace
}  // namespace cartwise::tenant
