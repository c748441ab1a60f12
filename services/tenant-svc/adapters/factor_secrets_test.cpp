#include "adapters/factor_secrets.hpp"

#include <catch2/catch.hpp>

#include "cartwise/testing/status.hpp"

namespace cartwise::tenant {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'780'000'000);
const std::string kOld(64, 'a'), kNew(64, 'b');

auth::PhoneSecrets Keys(const std::string& lines) {
  auto keys = auth::PhoneSecrets::Parse("lookup:" + std::string(64, 'c') + "\n" + lines);
  REQUIRE_OK(keys);
  return *keys;
}

TEST_CASE("a second factor's secret is sealed for its user, and outlives a change of keys",
          "[second-factor]") {
  KeyedFactorSecrets before(Keys("old:" + kOld));
  KeyedFactorSecrets both(Keys("new:" + kNew + "\nold:" + kOld));
  KeyedFactorSecrets after(Keys("new:" + kNew));
  const UserId dana = UserId::New();
  const NewFactor made = before.New(dana);
  CHECK(made.secret.size() == 32);
  CHECK(made.sealed.find(made.secret) == std::string::npos);
  CHECK(before.New(dana).secret != made.secret);

  CHECK_FALSE(before.StepOf(UserId::New(), made.sealed, "123456", kNow).ok());
  CHECK_FALSE(after.StepOf(dana, made.sealed, "123456", kNow).ok());
  const auto resealed = both.Reseal(dana, made.sealed);
  REQUIRE_OK(resealed);
  REQUIRE_OK(after.StepOf(dana, *resealed, "123456", kNow));
}

}  // namespace
}  // namespace cartwise::tenant
