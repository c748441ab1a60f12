#include "adapters/credentials.hpp"

#include <atomic>
#include <limits>
#include <thread>

#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/api_key.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {
namespace {

TEST_CASE("a password fits its own hash, and none fits nobody's", "[credentials]") {
  SignedCredentials credentials(auth::Signing(auth::NewTestKey("tenant-test")));
  const auto never = absl::InfiniteFuture();

  const auto hash = credentials.HashPassword("correct horse", never);

  REQUIRE_OK(hash);
  CHECK(hash->find("$argon2id$") == 0);
  CHECK(credentials.VerifyPassword("correct horse", *hash, never).value());
  CHECK_FALSE(credentials.VerifyPassword("wrong horse", *hash, never).value());
  CHECK_FALSE(credentials.VerifyPassword("correct horse", "", never).value());
}

TEST_CASE("passwords that are tried first are guessable, phrases and random ones are not",
          "[credentials]") {
  SignedCredentials credentials(auth::Signing(auth::NewTestKey("tenant-test")));
  const std::vector<std::string> words = {"cartwise", "rami", "levi", "dana"};
  for (const char* tried_first :
       {"password1234", "passwordpassword", "P4ssw0rd2026!", "qwertyuiop123", "123456789012",
        "aaaaaaaaaaaa", "iloveyou12345", "letmeinletmein", "1q2w3e4r5t6y", "administrator",
        "cartwise2026", "C4rtw1se-2026", "rami-levi-cartwise", "Dana12345678"}) {
    CAPTURE(tried_first);
    CHECK(credentials.IsGuessable(tried_first, words));
  }
  for (const char* good : {"correct horse battery staple", "k7#qL9vX2pRw", "9f3a1c7be2d4",
                           "a long enough password", "סיסמה שלי ארוכה", "dana-quilt-harbour-93"}) {
    CAPTURE(good);
    CHECK_FALSE(credentials.IsGuessable(good, words));
  }
  CHECK(credentials.IsGuessable("rami-levi-haifa", {"rami", "levi", "haifa"}));
  CHECK(credentials.IsGuessable(std::string(1024, 'x'), {}));
}

TEST_CASE("an access token proves who it was made for", "[credentials]") {
  const auth::SigningKey key = auth::NewTestKey("tenant-test");
  testing::FakeClock clock;
  const auth::TokenVerifier verifier(auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(),
                                     clock);
  SignedCredentials credentials(auth::Signing(key));
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

TEST_CASE("as many branches as a role may be limited to fit a token", "[credentials]") {
  const auth::SigningKey key = auth::NewTestKey("tenant-test");
  testing::FakeClock clock;
  const auth::TokenVerifier verifier(auth::KeySet::FromPem({{key.id(), key.PublicPem()}}).value(),
                                     clock);
  SignedCredentials credentials(auth::Signing(key));
  User user;
  user.id = UserId::New();
  user.chain = ChainId::New();
  user.email = "dana@shop.example";
  user.name = "Dana";
  user.role = Role::kInstaller;
  user.whole_chain = false;
  user.rights_version = std::numeric_limits<int64_t>::max();
  ApiKey program;
  program.id = ApiKeyId::New();
  program.chain = user.chain;
  program.name = "till";
  program.role = Role::kInstaller;
  program.scopes = std::vector<std::string>(40, "enrollment-keys:write");
  program.requests_per_minute = 100'000;
  program.expires_at = clock.Now() + absl::Hours(1);
  const auto check = [&] {
    program.branches = user.branches;
    return std::pair(
        user.Check().ok(),
        program.Check({program.scopes.begin(), program.scopes.end()}, clock.Now()).ok());
  };
  while (check() == std::pair(true, true)) user.branches.push_back(BranchId::New());
  CHECK(check() == std::pair(false, false));
  CHECK(user.branches.size() == 201);
  user.branches.pop_back();
  program.branches = user.branches;
  Caller staff = user.AsCaller();
  staff.sign_in = NewUuid();

  for (const Caller& caller : {staff, program.AsCaller(user)}) {
    const auto proven =
        verifier.Verify(credentials.AccessToken(caller, clock.Now(), absl::Minutes(15)));

    REQUIRE_OK(proven);
    CHECK(proven->RoleIn(user.branches.back()) == Role::kInstaller);
  }
}

TEST_CASE("a flood of sign-ins is served a few at a time and turned away beyond", "[credentials]") {
  SignedCredentials credentials(auth::Signing(auth::NewTestKey("tenant-test")));
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
