#include "credentials.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>

#include "cartwise/testing/fake_clock.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::tenant {
namespace {

// Made for this test alone.
constexpr char kPrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIHJyfeb9Wxohphjt6E2T2mDlUCq1XcH8+l3TJp0GsWIs\n"
    "-----END PRIVATE KEY-----\n";

auth::SigningKey Key() {
  const auto path = std::filesystem::temp_directory_path() / NewUuid() / "tenant-test.pem";
  std::filesystem::create_directory(path.parent_path());
  std::ofstream(path) << kPrivatePem;
  auto key = auth::SigningKey::Load(path.string());
  std::filesystem::remove_all(path.parent_path());
  REQUIRE_OK(key);
  return *key;
}

TEST_CASE("a password fits its own hash, and none fits nobody's", "[credentials]") {
  SignedCredentials credentials(Key());
  const auto never = absl::InfiniteFuture();

  const auto hash = credentials.HashPassword("correct horse", never);

  REQUIRE_OK(hash);
  CHECK(hash->find("$argon2id$") == 0);
  CHECK(credentials.VerifyPassword("correct horse", *hash, never).value());
  CHECK_FALSE(credentials.VerifyPassword("wrong horse", *hash, never).value());
  CHECK_FALSE(credentials.VerifyPassword("correct horse", "", never).value());
}

TEST_CASE("an access token proves who it was made for", "[credentials]") {
  const auth::SigningKey key = Key();
  testing::FakeClock clock;
  const auth::TokenVerifier verifier(auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(),
                                     clock);
  SignedCredentials credentials(key);
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.subject = NewUuid();
  caller.chain = ChainId::New();
  caller.grants = {{Role::kOperator, {BranchId::New()}}};

  const auto token = credentials.AccessToken(caller, clock.Now(), absl::Minutes(15));
  const auto proven = verifier.Verify(token);

  REQUIRE_OK(proven);
  CHECK(proven->subject == caller.subject);
  CHECK(proven->chain == caller.chain);
  CHECK(proven->RoleIn(caller.grants[0].branches[0]) == Role::kOperator);
  clock.Advance(absl::Minutes(16));
  CHECK_REFUSED(verifier.Verify(token), "BAD_TOKEN");
}

TEST_CASE("a flood of sign-ins is served a few at a time and turned away beyond", "[credentials]") {
  SignedCredentials credentials(Key());
  std::atomic<int> served = 0, refused = 0;
  std::vector<std::thread> people;
  for (int i = 0; i < 60; ++i) {
    people.emplace_back([&] {
      const auto fits = credentials.VerifyPassword("guess", "", absl::InfiniteFuture());
      if (fits.ok()) ++served;
      if (testing::ReasonOf(fits) == "SIGN_IN_BUSY") ++refused;
    });
  }
  for (auto& person : people) person.join();

  CHECK(served + refused == 60);
  CHECK(served >= 18);  // two at work and sixteen waiting, whatever the pace
  CHECK(credentials.VerifyPassword("guess", "", absl::InfiniteFuture()).ok());
}

}  // namespace
}  // namespace cartwise::tenant
