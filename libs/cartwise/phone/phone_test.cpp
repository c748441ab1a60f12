#include "cartwise/phone/mobile.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::phone {
namespace {

TEST_CASE("every spelling of a mobile number is the same number", "[phone]") {
  const std::string text = GENERATE(
      as<std::string>(), "0502345678", "050-234-5678", "972502345678", "00972502345678",
      "+9720502345678", "502345678", "+972502345678", "(050) 234.5678", "+972 50\u2011234 5678",
      "\u200E050-2345678", "\u0660\u0665\u0660\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
      "\uFF10\uFF15\uFF10\uFF12\uFF13\uFF14\uFF15\uFF16\uFF17\uFF18");
  CAPTURE(text);
  const auto parsed = ParseMobile("user_phone", text);
  REQUIRE_OK(parsed);
  CHECK(*parsed == "+972502345678");
}

TEST_CASE("what is no Israeli mobile number is refused by its field", "[phone]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "05023456789", "050234567", "*2345", "031234567",
               "1700123456", "+12025550123", "0044502345678", "050+2345678", "050x2345678",
               "0502345678\xFF", "++972502345678", "0502345678 0502345678");
  CAPTURE(text);
  const auto parsed = ParseMobile("user_phone", text);
  CHECK_REFUSED(parsed, "INVALID_FIELD");
  REQUIRE(errors::Fields(parsed.status()).size() == 1);
  CHECK(errors::Fields(parsed.status()).front().first == "user_phone");
}

TEST_CASE("a text far too long is refused unread", "[phone]") {
  CHECK_REFUSED(ParseMobile("user_phone", "0502345678" + std::string(100'000, ' ')),
                "INVALID_FIELD");
}

}  // namespace
}  // namespace cartwise::phone
