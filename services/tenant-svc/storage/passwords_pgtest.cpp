#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kNew[] = "a newer password";

struct WithDana : TwoChains {
  User dana = Make("dana@x.example", Role::kOperator);
  User boss = Make("boss@x.example", Role::kOwner);

  User Make(const std::string& email, Role role) {
    auto user = NewUser(owner, email, role);
    REQUIRE_OK(user);
    return *user;
  }
  absl::StatusOr<Session> Login(const std::string& password = kPassword) {
    return sessions.Login({}, "dana@x.example", password);
  }
  absl::StatusOr<Session> Refresh(const Session& session) {
    return sessions.Refresh({}, session.refresh_token);
  }
  absl::StatusOr<IssuedLink> Link(const Caller& as, const UserId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return CreatePasswordLink(store, caller, credentials, id, clock.Now());
    });
  }
  std::string LinkOfDana() {
    const auto issued = Link(owner, dana.id);
    REQUIRE_OK(issued);
    return issued->secret;
  }
  absl::Status Set(const std::string& secret, const std::string& password = kNew) {
    return passwords.SetByLink({}, secret, password);
  }
};

TEST_CASE("who changes their password stays signed in, alone", "[passwords]") {
  WithDana f;
  const auto here = f.Login(), elsewhere = f.Login();
  REQUIRE_OK(here);
  REQUIRE_OK(elsewhere);

  const auto session = f.passwords.Change(f.dana.AsCaller(), kPassword, kNew);

  REQUIRE_OK(session);
  REQUIRE_OK(f.Refresh(*session));
  CHECK_REFUSED(f.Refresh(*here), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.Refresh(*elsewhere), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.Login(), "BAD_CREDENTIALS");
  REQUIRE_OK(f.Login(kNew));
}

TEST_CASE("a password is changed only by who knows the old one and may sign in", "[passwords]") {
  WithDana f;
  const auto session = f.Login();
  REQUIRE_OK(session);
  const Caller dana = f.dana.AsCaller();

  CHECK_REFUSED(f.passwords.Change(dana, "wrong", kNew), "WRONG_PASSWORD");
  CHECK_REFUSED(f.passwords.Change(dana, "", kNew), "WRONG_PASSWORD");
  CHECK_REFUSED(f.passwords.Change(dana, kPassword, "short"), "INVALID_FIELD");
  CHECK_REFUSED(f.passwords.Change(f.boss.AsCaller(), "wrong", kNew), "WRONG_PASSWORD");
  REQUIRE_OK(f.Refresh(*session));

  f.server.Sql("UPDATE tenant.users SET active = false");
  CHECK_REFUSED(f.passwords.Change(dana, kPassword, kNew), "SIGN_IN_REQUIRED");
}

TEST_CASE("a password of the person's or the chain's own name is refused everywhere",
          "[passwords]") {
  WithDana f;
  const std::string secret = f.LinkOfDana();
  for (const char* guessable : {"dana and a number", "we are rami-levi", "cartwise password"}) {
    CAPTURE(guessable);
    CHECK_REFUSED(f.passwords.Change(f.dana.AsCaller(), kPassword, guessable),
                  "PASSWORD_GUESSABLE");
    CHECK_REFUSED(f.Set(secret, guessable), "PASSWORD_GUESSABLE");
  }
  CHECK_REFUSED(SetPlatformAdmin(f.database, f.credentials, "root@x.example", "root at cartwise",
                                 f.clock.Now()),
                "PASSWORD_GUESSABLE");

  REQUIRE_OK(f.Set(secret, "shufersal is another"));
}

TEST_CASE("with a stolen token the old password is guessed ten times, then it waits",
          "[passwords]") {
  WithDana f;
  const Caller thief = f.dana.AsCaller();
  for (int i = 0; i < 10; ++i) {
    CHECK_REFUSED(f.passwords.Change(thief, "guess", kNew), "WRONG_PASSWORD");
  }

  CHECK_REFUSED(f.passwords.Change(thief, kPassword, kNew), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login());
  REQUIRE_OK(f.passwords.Change(f.boss.AsCaller(), kPassword, kNew));
  f.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(f.passwords.Change(thief, kPassword, kNew));
}

TEST_CASE("a link sets a password once and ends every sign-in of its user", "[passwords]") {
  WithDana f;
  const auto session = f.Login();
  REQUIRE_OK(session);
  const auto bystander = f.sessions.Login({}, "boss@x.example", kPassword);
  REQUIRE_OK(bystander);
  const std::string secret = f.LinkOfDana();
  REQUIRE_OK(f.Login());

  REQUIRE_OK(f.Set(secret));

  REQUIRE_OK(f.Login(kNew));
  CHECK_REFUSED(f.Login(), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.Refresh(*session), "BAD_CREDENTIALS");
  REQUIRE_OK(f.Refresh(*bystander));
  CHECK_REFUSED(f.Set(secret, "yet another password"), "LINK_INVALID");
  REQUIRE_OK(f.Login(kNew));
}

TEST_CASE("unknown, used, replaced and expired links are refused alike", "[passwords]") {
  WithDana f;
  const auto unknown = f.Set("cwpl_made-up");
  CHECK_REFUSED(unknown, "LINK_INVALID");

  const std::string used = f.LinkOfDana();
  REQUIRE_OK(f.Set(used));
  CHECK(f.Set(used) == unknown);

  const std::string replaced = f.LinkOfDana();
  const std::string old = f.LinkOfDana();
  CHECK(f.Set(replaced) == unknown);
  f.clock.Advance(absl::Hours(24));
  CHECK(f.Set(old) == unknown);

  const std::string overtaken = f.LinkOfDana();
  REQUIRE_OK(f.passwords.Change(f.dana.AsCaller(), kNew, kPassword));
  CHECK(f.Set(overtaken) == unknown);

  const std::string ended = f.LinkOfDana();
  f.server.Sql("UPDATE tenant.users SET active = false");
  CHECK(f.Set(ended) == unknown);
  CHECK_REFUSED(f.Set(ended, "short"), "INVALID_FIELD");
}

TEST_CASE("a made-up link costs no slow work", "[passwords]") {
  WithDana f;
  CHECK_REFUSED(f.Set("cwpl_made-up"), "LINK_INVALID");
  CHECK(f.credentials.slow_hashes == 0);
}

TEST_CASE("of many who bring the same link one sets the password", "[passwords]") {
  WithDana f;
  const std::string secret = f.LinkOfDana();
  std::atomic<int> set = 0, refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&, i] {
      const auto done = f.Set(secret, "password of caller " + std::to_string(i));
      if (done.ok()) ++set;
      if (testing::ReasonOf(done) == "LINK_INVALID") ++refused;
    });
  }
  for (auto& caller : callers) caller.join();

  CHECK(set == 1);
  CHECK(refused == 5);
}

TEST_CASE("links are made by those who may change the user, and kept as a hash", "[passwords]") {
  WithDana f;
  CHECK_REFUSED(f.Link(f.admin, f.boss.id), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.Link(f.stranger, f.dana.id), "USER_NOT_FOUND");
  CHECK_REFUSED(f.Link(Staff(f.rami.id, Role::kAdmin, {f.haifa.id}), f.dana.id), "USER_NOT_FOUND");

  const auto issued = f.Link(f.admin, f.dana.id);
  REQUIRE_OK(issued);
  CHECK(issued->link.expires_at - f.clock.Now() == absl::Hours(24));
  CHECK(f.Count("tenant.password_links WHERE link_hash = 'quick:" + issued->secret + "'") == 1);
}

}  // namespace
}  // namespace cartwise::tenant
