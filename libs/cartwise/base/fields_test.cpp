#include "cartwise/base/fields.hpp"

#include <catch2/catch.hpp>

namespace cartwise {
namespace {

TEST_CASE("text is clean when it is UTF-8 without control characters", "[fields]") {
  CHECK(IsCleanText(""));
  CHECK(IsCleanText("Rami Levi"));
  CHECK(IsCleanText("\u05E8\u05DE\u05D9 \u05DC\u05D5\u05D9"));
  CHECK(IsCleanText("\U0001F6D2"));

  CHECK_FALSE(IsCleanText(std::string_view("a\0b", 3)));
  CHECK_FALSE(IsCleanText("line\nbreak"));
  CHECK(IsCleanText("line\nbreak", /*lines=*/true));
  CHECK_FALSE(IsCleanText("\x7F"));
  CHECK_FALSE(IsCleanText("\x80"));              // a lone continuation
  CHECK_FALSE(IsCleanText("\xC3"));              // cut off
  CHECK_FALSE(IsCleanText("\xC0\x80"));          // an overlong NUL
  CHECK_FALSE(IsCleanText("\xE0\x80\x80"));      // overlong
  CHECK_FALSE(IsCleanText("\xED\xA0\x80"));      // a surrogate
  CHECK_FALSE(IsCleanText("\xF4\x90\x80\x80"));  // beyond U+10FFFF
}

TEST_CASE("lengths are counted in characters, not in bytes", "[fields]") {
  errors::FieldErrors good;
  CheckText(good, "name", "\u05E8\u05DE\u05D9", 1, 3);
  CHECK(good.ToStatus().ok());

  errors::FieldErrors bad;
  CheckText(bad, "name", "", 1, 3);
  CheckText(bad, "city", "four", 0, 3);
  CheckText(bad, "reason", "    ", 3, 500);
  CheckText(bad, "why", " no ", 3, 500);
  CHECK(errors::Fields(bad.ToStatus()).size() == 4);
}

}  // namespace
}  // namespace cartwise
