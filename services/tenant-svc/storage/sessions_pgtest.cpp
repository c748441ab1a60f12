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
    f.clock.Advance(absl::Hours(9 * 24));
    const std::string before = session->refresh_token;
    session = f.Refresh(*session);
    REQUIRE_OK(session);
    CHECK(session->refresh_token != before);
  }
  CHECK(f.Count("tenant.sign_ins") == 1);
}

TEST_CASE("a sign-in ends for good after 30 days, however often it was refreshed", "[sessions]") {
  SignedUp f;
  auto session = f.Login();
  REQUIRE_OK(session);
  for (int day = 0; day < 29; ++day) {
    f.clock.Advance(absl::Hours(24));
    session = f.Refresh(*session);
    REQUIRE_OK(session);
  }
  f.clock.Advance(absl::Hours(24) - absl::Minutes(5));
  session = f.Refresh(*session);
  REQUIRE_OK(session);
  CHECK(session->access_token_life == absl::Minutes(5));

  f.clock.Advance(absl::Minutes(5));
  CHECK_REFUSED(f.Refresh(*session), "BAD_CREDENTIALS");
  REQUIRE_OK(f.Login());
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
  f.server.AwaitLockWaits();
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

struct Listed : SignedUp {
  User other = Make("other@rami.example", Role::kViewer);

  User Make(const std::string& email, Role role) {
    auto user = NewUser(owner, email, role);
    REQUIRE_OK(user);
    return *user;
  }
  std::vector<LiveSignIn> List(const User& of, const PageRequest& page = {}) {
    const auto list = Do(of.AsCaller(), [&](Store& store, const Caller& caller) {
      return ListSignIns(store, caller, page, clock.Now());
    });
    REQUIRE_OK(list);
    return list->items;
  }
  absl::Status End(const Caller& as, const SignInId& id, const std::string& password = kPassword) {
    return sessions.EndOwn(as, id, password);
  }
  absl::Status EndAll(const Caller& as, const UserId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return EndSignIns(store, caller, id, clock.Now());
    });
  }
  static Caller From(const std::string& peer) {
    Caller caller;
    caller.peer = peer;
    return caller;
  }
};

TEST_CASE("people see their own live sign-ins: since when, used when, from where", "[sessions]") {
  Listed f;
  const absl::Time start = f.clock.Now();
  const auto first = f.sessions.Login(f.From("203.0.113.9"), "dana@rami.example", kPassword);
  REQUIRE_OK(first);
  REQUIRE_OK(f.sessions.Login(f.From("2001:db8:1:2:3::4"), "dana@rami.example", kPassword));
  REQUIRE_OK(f.Login("other@rami.example"));
  f.clock.Advance(absl::Hours(1));
  REQUIRE_OK(f.sessions.Refresh(f.From("198.51.100.7"), first->refresh_token));

  const auto listed = f.List(f.dana);
  REQUIRE(listed.size() == 2);
  CHECK(listed[0].address == "2001:db8:1:2::/64");
  CHECK(listed[0].used_at == start);
  CHECK(listed[1].address == "198.51.100.7");
  CHECK(listed[1].created_at == start);
  CHECK(listed[1].used_at == f.clock.Now());
  CHECK(f.List(f.dana, {50, {listed[0].id.value()}}).size() == 1);
  CHECK(f.List(f.other).size() == 1);

  f.clock.Advance(kRefreshTokenLife - absl::Hours(1));
  CHECK(f.List(f.dana).empty());
}

TEST_CASE("an address that is no text is not kept", "[sessions]") {
  Listed f;
  REQUIRE_OK(f.sessions.Login(f.From("\x01"), "dana@rami.example", kPassword));
  REQUIRE_OK(f.sessions.Login(f.From(std::string(101, 'x')), "dana@rami.example", kPassword));
  for (const auto& sign_in : f.List(f.dana)) CHECK(sign_in.address.empty());
}

TEST_CASE("people end single sign-ins of their own, and of nobody else", "[sessions]") {
  Listed f;
  const auto kept = f.Login(), ended = f.Login();
  REQUIRE_OK(kept);
  REQUIRE_OK(ended);
  const SignInId newest = f.List(f.dana).at(0).id;

  CHECK_REFUSED(f.End(f.other.AsCaller(), newest), "SIGN_IN_NOT_FOUND");
  CHECK_REFUSED(f.End(f.dana.AsCaller(), SignInId::New()), "SIGN_IN_NOT_FOUND");
  CHECK(f.List(f.dana).size() == 2);

  REQUIRE_OK(f.End(f.dana.AsCaller(), newest));
  REQUIRE_OK(f.End(f.dana.AsCaller(), newest));
  CHECK(f.List(f.dana).size() == 1);
  CHECK_REFUSED(f.Refresh(*ended), "BAD_CREDENTIALS");
  REQUIRE_OK(f.Refresh(*kept));
}

TEST_CASE("who holds a token alone ends no sign-in, and guesses ten passwords", "[sessions]") {
  Listed f;
  REQUIRE_OK(f.Login());
  const SignInId newest = f.List(f.dana).at(0).id;
  CHECK_REFUSED(f.End(f.dana.AsCaller(), newest, ""), "WRONG_PASSWORD");
  for (int i = 0; i < 9; ++i) {
    CHECK_REFUSED(f.End(f.dana.AsCaller(), newest, "wrong password"), "WRONG_PASSWORD");
  }
  CHECK_REFUSED(f.End(f.dana.AsCaller(), newest), "TOO_MANY_SIGN_INS");
  CHECK(f.List(f.dana).size() == 1);

  f.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(f.End(f.dana.AsCaller(), newest));
  CHECK(f.List(f.dana).empty());
}

TEST_CASE("an admin ends every sign-in of those below, who may sign in again", "[sessions]") {
  Listed f;
  const User boss = f.Make("boss@rami.example", Role::kOwner);
  const auto session = f.Login(), bystander = f.Login("other@rami.example");
  REQUIRE_OK(session);
  REQUIRE_OK(bystander);

  CHECK_REFUSED(f.EndAll(f.admin, boss.id), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.EndAll(f.stranger, f.dana.id), "USER_NOT_FOUND");
  REQUIRE_OK(f.EndAll(f.admin, f.dana.id));

  CHECK(f.List(f.dana).empty());
  CHECK_REFUSED(f.Refresh(*session), "BAD_CREDENTIALS");
  REQUIRE_OK(f.Refresh(*bystander));
  REQUIRE_OK(f.Login());
}

}  // namespace
}  // namespace cartwise::tenant
