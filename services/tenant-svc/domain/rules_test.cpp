#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"
#include "domain/branch.hpp"
#include "domain/chain.hpp"
#include "domain/enrollment.hpp"
#include "domain/password_words.hpp"
#include "domain/sign_in.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);

Branch GoodBranch() {
  Branch branch;
  branch.name = "Haifa";
  branch.branch_code = "haifa";
  return branch;
}

std::string FieldAtFault(const absl::Status& status) {
  const auto fields = errors::Fields(status);
  return fields.size() == 1 ? fields.front().first : "";
}

TEST_CASE("a branch is checked field by field", "[branch]") {
  CHECK(GoodBranch().Check().ok());
  const auto fault = [](auto change) {
    Branch branch = GoodBranch();
    change(branch);
    return FieldAtFault(branch.Check());
  };
  CHECK(fault([](Branch& b) { b.name = ""; }) == "name");
  CHECK(fault([](Branch& b) { b.branch_code = "a b"; }) == "branch_code");
  CHECK(fault([](Branch& b) { b.latitude = 90.1; }) == "latitude");
  CHECK(fault([](Branch& b) { b.longitude = -181; }) == "longitude");
  CHECK(fault([](Branch& b) { b.latitude = std::nan(""); }) == "latitude");
  CHECK(fault([](Branch& b) { b.time_zone = "Mars/Olympus"; }) == "time_zone");
  CHECK(fault([](Branch& b) { b.rental_term = absl::Seconds(59); }) == "rental_term");
  CHECK(fault([](Branch& b) { b.rental_term = absl::Hours(169); }) == "rental_term");
  CHECK(fault([](Branch& b) { b.rental_term = absl::Milliseconds(90'500); }) == "rental_term");
}

TEST_CASE("a change replaces what it names and leaves the rest", "[branch]") {
  BranchChange change;
  change.name = "Haifa Port";
  change.active = false;
  const auto changed = change.Of(GoodBranch(), kNow);
  REQUIRE_OK(changed);
  CHECK(changed->name == "Haifa Port");
  CHECK(changed->branch_code == "haifa");
  CHECK_FALSE(changed->active);
  CHECK(changed->updated_at == kNow);

  change.name = "";
  CHECK_REFUSED(change.Of(GoodBranch(), kNow), "INVALID_FIELD");
}

TEST_CASE("every field at fault of a chain is told at once", "[chain]") {
  Chain chain;
  chain.slug = "Not A Slug";
  chain.contact_email = "nobody";
  chain.contact_phone = "call me";
  CHECK(errors::Fields(chain.Check()).size() == 4);
}

TEST_CASE("a role limited to branches without any branch grants nothing", "[user]") {
  User user;
  user.role = Role::kAdmin;
  user.whole_chain = false;
  CHECK(user.Grants().empty());
  CHECK(user.AsCaller().StrongestRole() == Role::kNone);

  user.branches = {BranchId::New()};
  CHECK(user.AsCaller().RoleIn(user.branches.front()) == Role::kAdmin);
  CHECK(user.AsCaller().RoleIn(BranchId::New()) == Role::kNone);
  CHECK_FALSE(user.AsCaller().HasChainRole(Role::kViewer));
}

TEST_CASE("passwords have 12 characters to 1,024 bytes", "[user]") {
  CHECK_REFUSED(CheckNewPassword("סיסמה שלי"), "INVALID_FIELD");  // 17 bytes, 9 letters
  CHECK_REFUSED(CheckNewPassword(std::string(11, 'x')), "INVALID_FIELD");
  CHECK(CheckNewPassword(std::string(12, 'x')).ok());
  CHECK(CheckNewPassword(std::string(1024, 'x')).ok());
  CHECK_REFUSED(CheckNewPassword(std::string(1025, 'x')), "INVALID_FIELD");
}

TEST_CASE("words about somebody are their names and their chain's, whole and in parts", "[user]") {
  User user;
  user.email = "dana.levi@shop.example";
  user.name = "Dana Bar-Lev";
  Chain chain;
  chain.name = "Rami Levi";
  chain.slug = "rami-levi-il";
  const auto words = WordsAbout(user, &chain);
  for (const char* word : {"cartwise", "dana.levi@shop.example", "dana.levi", "dana", "shop",
                           "dana bar-lev", "bar", "lev", "rami", "rami levi", "rami-levi-il"}) {
    CAPTURE(word);
    CHECK(std::count(words.begin(), words.end(), word) == 1);
  }
  CHECK(std::count(words.begin(), words.end(), "il") == 0);
  CHECK(WordsAbout(User(), nullptr) == std::vector<std::string>{"cartwise"});
}

TEST_CASE("a refresh token is good once, until it expires or its family ends", "[sign-in]") {
  using Worth = RefreshToken::Worth;
  RefreshToken token;
  token.expires_at = kNow;
  CHECK(token.WorthAt(kNow - absl::Nanoseconds(1)) == Worth::kGood);
  CHECK(token.WorthAt(kNow) == Worth::kInvalid);
  token.revoked = true;
  CHECK(token.WorthAt(kNow - absl::Hours(1)) == Worth::kInvalid);
  token.used = true;  // what matters most is told first
  CHECK(token.WorthAt(kNow + absl::Hours(1)) == Worth::kReused);
}

TEST_CASE("an enrollment key is for 1 to 100 devices and 1 minute to 7 days", "[enrollment]") {
  NewEnrollmentKey want;
  CHECK(want.Check().ok());
  want.max_uses = 101;
  CHECK(FieldAtFault(want.Check()) == "max_uses");
  want.max_uses = -1;
  CHECK(FieldAtFault(want.Check()) == "max_uses");
  want.max_uses = 100;
  want.life = absl::Seconds(59);
  CHECK(FieldAtFault(want.Check()) == "ttl");
  want.life = absl::Hours(7 * 24) + absl::Nanoseconds(1);
  CHECK(FieldAtFault(want.Check()) == "ttl");
}

TEST_CASE("MAC addresses are read in either writing and kept in one", "[enrollment]") {
  CHECK(ParseMacAddress("02:00:00:00:00:0A").value() == "02:00:00:00:00:0a");
  CHECK(ParseMacAddress("02-00-00-00-00-0a").value() == "02:00:00:00:00:0a");
  for (const char* bad :
       {"", "02:00:00:00:00", "02:00:00:00:00:0g", "020000000000000aa", "02:00:00:00:00:0a:"}) {
    CAPTURE(bad);
    CHECK_REFUSED(ParseMacAddress(bad), "INVALID_FIELD");
  }
}

}  // namespace
}  // namespace cartwise::tenant
