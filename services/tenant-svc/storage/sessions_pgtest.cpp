#include <thread>

#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

struct SignedUp : TwoChains {
  User dana = MakeUser();

  absl::StatusOr<Session> Login(const std::string& email = "dana@rami.example",
                                const std::string& password = kPassword) {
    return sessions.Login({}, email, password);
  }
  absl::StatusOr<Session> Refresh(const Session& session) {
    return sessions.Refresh({}, session.refresh_token);
  }

 private:
  User MakeUser() {
    auto user = NewUser(owner, "dana@rami.example", Role::kOperator, {haifa.id});
    REQUIRE_OK(user);
    return *user;
  }
};

TEST_CASE("the right password signs in, in any case of the e-mail", "[sessions]") {
  SignedUp f;

  const auto session = f.Login("DANA@rami.example");

  REQUIRE_OK(session);
  CHECK(session->access_token == "token of user:" + f.dana.id.value());
  CHECK(session->access_token_life == absl::Minutes(15));
  CHECK(f.Count("tenant.refresh_tokens WHERE token_hash = 'quick:" + session->refresh_token +
                "'") == 1);
}

TEST_CASE("every refused sign-in gives the same answer after the same work", "[sessions]") {
  SignedUp f;
  const auto wrong = f.Login("dana@rami.example", "wrong");
  CHECK_REFUSED(wrong, "BAD_CREDENTIALS");
  CHECK(f.credentials.slow_hashes == 1);

  const auto unknown = f.Login("nobody@rami.example");
  CHECK(unknown.status() == wrong.status());
  CHECK(f.credentials.slow_hashes == 2);

  f.server.Sql("UPDATE tenant.users SET active = false");
  const auto inactive = f.Login();
  CHECK(inactive.status() == wrong.status());
  CHECK(f.credentials.slow_hashes == 3);

  f.server.Sql("UPDATE tenant.users SET active = true; UPDATE tenant.chains SET active = false");
  const auto closed = f.Login();
  CHECK(closed.status() == wrong.status());
  CHECK(f.credentials.slow_hashes == 4);
  CHECK(f.Count("tenant.sign_ins") == 0);
}

TEST_CASE("a sign-in without its fields is told which", "[sessions]") {
  SignedUp f;
  CHECK_REFUSED(f.Login("", ""), "INVALID_FIELD");
  CHECK(errors::Fields(f.Login("", "").status()).size() == 2);
  CHECK_REFUSED(f.Login("dana@rami.example", std::string(1025, 'x')), "INVALID_FIELD");
  CHECK_REFUSED(f.Login(std::string("a\0b", 3), "x"), "INVALID_FIELD");
  CHECK_REFUSED(f.sessions.Refresh({}, ""), "INVALID_FIELD");
  CHECK_REFUSED(f.sessions.Logout({}, ""), "INVALID_FIELD");
}

TEST_CASE("a refresh token buys the next one, again and again", "[sessions]") {
  SignedUp f;
  auto session = f.Login();

  for (int i = 0; i < 3; ++i) {
    REQUIRE_OK(session);
    f.clock.Advance(absl::Hours(29 * 24));
    const std::string before = session->refresh_token;
    session = f.Refresh(*session);
    REQUIRE_OK(session);
    CHECK(session->refresh_token != before);
  }
  CHECK(f.Count("tenant.sign_ins") == 1);
}

TEST_CASE("a refresh token that comes again ends the whole sign-in", "[sessions]") {
  SignedUp f;
  const auto first = f.Login();
  REQUIRE_OK(first);
  const auto other_sign_in = f.Login();
  const auto second = f.Refresh(*first);
  REQUIRE_OK(second);

  CHECK_REFUSED(f.Refresh(*first), "REFRESH_TOKEN_REUSED");

  // The refusal did not undo what it revoked.
  CHECK(f.Count("tenant.sign_ins WHERE revoked_reason = 'refresh token reused'") == 1);
  CHECK_REFUSED(f.Refresh(*second), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.Refresh(*first), "REFRESH_TOKEN_REUSED");
  REQUIRE_OK(f.Refresh(*other_sign_in));
}

TEST_CASE("of many who bring the same refresh token one gets through, and the family ends",
          "[sessions]") {
  SignedUp f;
  const auto session = f.Login();
  REQUIRE_OK(session);
  std::atomic<int> won = 0, reused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto next = f.Refresh(*session);
      if (next.ok()) ++won;
      if (testing::ReasonOf(next) == "REFRESH_TOKEN_REUSED") ++reused;
    });
  }
  for (auto& caller : callers) caller.join();

  CHECK(won == 1);
  CHECK(reused == 7);
  CHECK(f.Count("tenant.sign_ins WHERE revoked_at IS NOT NULL") == 1);
}

TEST_CASE("who waits for a twin with the same refresh token learns that it is spent",
          "[sessions]") {
  SignedUp f;
  const auto session = f.Login();
  REQUIRE_OK(session);
  const auto twin = pg::Connection::Open(f.server.SuperUrl());
  REQUIRE_OK(twin);
  REQUIRE_OK((*twin)->Raw("BEGIN; UPDATE tenant.refresh_tokens SET used_at = now()"));

  absl::StatusOr<Session> next;
  std::thread waiting([&] { next = f.Refresh(*session); });
  while (f.Count("pg_stat_activity WHERE datname = current_database() "
                 "AND wait_event_type = 'Lock'") == 0) {
    std::this_thread::yield();
  }
  REQUIRE_OK((*twin)->Raw("COMMIT"));
  waiting.join();

  CHECK_REFUSED(next, "REFRESH_TOKEN_REUSED");
  CHECK(f.Count("tenant.sign_ins WHERE revoked_at IS NOT NULL") == 1);
}

TEST_CASE("unknown, expired and signed-out refresh tokens are refused alike", "[sessions]") {
  SignedUp f;
  const auto unknown = f.sessions.Refresh({}, "cwrt_made-up");
  CHECK_REFUSED(unknown, "BAD_CREDENTIALS");

  const auto old = f.Login();
  REQUIRE_OK(old);
  f.clock.Advance(kRefreshTokenLife);
  CHECK(f.Refresh(*old).status() == unknown.status());

  const auto left = f.Login();
  REQUIRE_OK(left);
  REQUIRE_OK(f.sessions.Logout({}, left->refresh_token));
  CHECK(f.Refresh(*left).status() == unknown.status());
  REQUIRE_OK(f.sessions.Logout({}, left->refresh_token));
  REQUIRE_OK(f.sessions.Logout({}, "cwrt_made-up"));
}

TEST_CASE("who became inactive is not signed in further", "[sessions]") {
  SignedUp f;
  const auto session = f.Login();
  REQUIRE_OK(session);
  f.server.Sql("UPDATE tenant.chains SET active = false");

  CHECK_REFUSED(f.Refresh(*session), "BAD_CREDENTIALS");

  f.server.Sql("UPDATE tenant.chains SET active = true");
  CHECK_REFUSED(f.Refresh(*session), "BAD_CREDENTIALS");
}

}  // namespace
}  // namespace cartwise::tenant
