#include "cartwise/auth/totp.hpp"

#include <catch2/catch.hpp>

namespace cartwise::auth {
namespace {

const std::string kSecret = "12345678901234567890";  // of RFC 6238, appendix B

TEST_CASE("codes are those of RFC 6238", "[totp]") {
  const auto code = [](int64_t seconds) {
    return TotpCode(kSecret, TotpStep(absl::FromUnixSeconds(seconds)));
  };
  CHECK(code(59) == "287082");
  CHECK(code(1'111'111'109) == "081804");
  CHECK(code(1'234'567'890) == "005924");
  CHECK(code(20'000'000'000) == "353130");
}

TEST_CASE("a code fits its own step and the ones beside it", "[totp]") {
  const absl::Time now = absl::FromUnixSeconds(1'111'111'109);
  const int64_t step = TotpStep(now);
  for (const int64_t drift : {-1, 0, 1}) {
    CHECK(MatchTotp(kSecret, TotpCode(kSecret, step + drift), now) == step + drift);
  }
  CHECK_FALSE(MatchTotp(kSecret, TotpCode(kSecret, step - 2), now));
  CHECK_FALSE(MatchTotp(kSecret, TotpCode(kSecret, step + 2), now));
  CHECK_FALSE(MatchTotp("another secret of 20", TotpCode(kSecret, step), now));
  CHECK_FALSE(MatchTotp(kSecret, "", now));
  CHECK_FALSE(MatchTotp(kSecret, "0818040", now));
}

TEST_CASE("secrets are written as apps read them", "[totp]") {
  CHECK(Base32("Hello!\xDE\xAD\xBE\xEF") == "JBSWY3DPEHPK3PXP");
  CHECK(Base32(kSecret) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

}  // namespace
}  // namespace cartwise::auth
