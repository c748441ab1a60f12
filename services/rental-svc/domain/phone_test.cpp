#include "domain/phone.hpp"

#include "cartwise/testing/status.hpp"

namespace cartwise::rental {
namespace {

TEST_CASE("what people type for one mobile number is one number", "[phone]") {
  const std::string typed =
      GENERATE(as<std::string>(), "0502345678", "050-234-5678", "972502345678", "00972502345678",
               "+972502345678", "+9720502345678", "502345678", "(050) 234 5678", "٠٥٠٢٣٤٥٦٧٨",
               "\u200F050\u2011234\u20115678", "+972 50 234 5678");
  CAPTURE(typed);

  const auto phone = ParseMobile("user_phone", typed);

  REQUIRE_OK(phone);
  CHECK(*phone == "+972502345678");
}

TEST_CASE("a number that is no Israeli mobile is refused by name", "[phone]") {
  const std::string typed =
      GENERATE(as<std::string>(), "", "05023456789", "050234567", "*2345", "031234567",
               "1700123456", "+1 502 345 6789", "0044502345678", "050234567a", "05+02345678", "abc",
               "\xFF\xFE", "05023456\xD9", std::string(500, '5'));
  CAPTURE(typed);

  const auto phone = ParseMobile("user_phone", typed);

  CHECK_REFUSED(phone, "INVALID_FIELD");
  CHECK(errors::Fields(phone.status())[0].first == "user_phone");
}

}  // namespace
}  // namespace cartwise::rental
