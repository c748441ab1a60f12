#include <atomic>
#include <thread>

#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kDana[] = "dana@x.example";

struct WithFactor : TwoChains {
  User dana = Make(kDana, Role::kAdmin);
  std::vector<std::string> recovery;

  User Make(const std::string& email, Role role) {
    auto user = NewUser(owner, email, role);
    REQUIRE_OK(user);
    return *user;
  }
  void SetUp() {
    REQUIRE_OK(second_factors.Begin({}, kDana, kPassword));
    const auto codes = second_factors.Confirm({}, kDana, kPassword, Code());
    REQUIRE_OK(codes);
    recovery = *codes;
    clock.Advance(absl::Seconds(30));  // the code that confirmed is spent
  }
  std::string Code() { return FakeFactorSecrets::Code(clock.Now()); }
  absl::StatusOr<Session> Login(const std::string& code = "") {
    return sessions.Login({}, kDana, kPassword, code);
  }
};

TEST_CASE("with a second factor the password alone signs nobody in", "[second-factor]") {
  WithFactor f;
  f.SetUp();

  CHECK_REFUSED(f.Login(), "SECOND_FACTOR_NEEDED");
  CHECK_REFUSED(f.Login("000000"), "SECOND_FACTOR_WRONG");
  CHECK_REFUSED(f.Login("what"), "INVALID_FIELD");
  CHECK_REFUSED(f.sessions.Login({}, kDana, "wrong password", f.Code()), "BAD_CREDENTIALS");
  CHECK(f.Count("tenant.sign_ins") == 0);
  REQUIRE_OK(f.Login(f.Code()));
}

TEST_CASE("who has a second factor ends sign-ins with it", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  REQUIRE_OK(f.Login(f.Code()));
  const Caller dana = f.dana.AsCaller();
  const auto listed = f.Do(dana, [&](Store& store, const Caller& caller) {
    return ListSignIns(store, caller, {}, f.clock.Now());
  });
  REQUIRE_OK(listed);
  const SignInId id = listed->items.at(0).id;
  f.clock.Advance(absl::Seconds(30));

  CHECK_REFUSED(f.sessions.EndOwn(dana, id, kPassword), "SECOND_FACTOR_NEEDED");
  CHECK_REFUSED(f.sessions.EndOwn(dana, id, kPassword, "000000"), "SECOND_FACTOR_WRONG");
  CHECK_REFUSED(f.sessions.EndOwn(dana, id, "wrong password", f.Code()), "WRONG_PASSWORD");
  const std::string code = f.Code();
  REQUIRE_OK(f.sessions.EndOwn(dana, id, kPassword, code));
  CHECK_REFUSED(f.sessions.EndOwn(dana, id, kPassword, code), "SECOND_FACTOR_WRONG");
}

TEST_CASE("who has a second factor changes their password with it", "[second-factor]") {
  constexpr char kNew[] = "a newer password";
  WithFactor f;
  f.SetUp();
  const Caller dana = f.dana.AsCaller();

  CHECK_REFUSED(f.passwords.Change(dana, kPassword, kNew), "SECOND_FACTOR_NEEDED");
  CHECK_REFUSED(f.passwords.Change(dana, kPassword, kNew, "000000"), "SECOND_FACTOR_WRONG");
  const std::string code = f.Code();
  REQUIRE_OK(f.passwords.Change(dana, kPassword, kNew, code));
  CHECK_REFUSED(f.passwords.Change(dana, kNew, kPassword, code), "SECOND_FACTOR_WRONG");

  f.clock.Advance(absl::Seconds(30));
  REQUIRE_OK(f.sessions.Login({}, kDana, kNew, f.Code()));
}

TEST_CASE("right codes that end sign-ins are no failed tries", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  const Caller dana = f.dana.AsCaller();
  for (int i = 0; i < 5; ++i) REQUIRE_OK(f.Login(f.recovery[i]));
  const auto listed = f.Do(dana, [&](Store& store, const Caller& caller) {
    return ListSignIns(store, caller, {}, f.clock.Now());
  });
  REQUIRE_OK(listed);
  REQUIRE(listed->items.size() == 5);

  for (const LiveSignIn& sign_in : listed->items) {
    REQUIRE_OK(f.sessions.EndOwn(dana, sign_in.id, kPassword, f.Code()));
    f.clock.Advance(absl::Seconds(30));
  }
  for (int i = 0; i < 5; ++i) {
    CHECK_REFUSED(f.sessions.EndOwn(dana, SignInId::New(), kPassword, f.Code()),
                  "SIGN_IN_NOT_FOUND");
    f.clock.Advance(absl::Seconds(30));
  }

  REQUIRE_OK(f.Login(f.Code()));
}

TEST_CASE("a code counts once, and none of before it", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  const std::string before = f.Code();
  f.clock.Advance(absl::Seconds(30));
  const std::string code = f.Code();

  REQUIRE_OK(f.Login(code));
  CHECK_REFUSED(f.Login(code), "SECOND_FACTOR_WRONG");
  CHECK_REFUSED(f.Login(before), "SECOND_FACTOR_WRONG");
  f.clock.Advance(absl::Seconds(30));
  REQUIRE_OK(f.Login(f.Code()));
}

TEST_CASE("of many who bring the same code one signs in", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  std::atomic<int> in = 0, refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      const auto session = f.Login(f.Code());
      if (session.ok()) ++in;
      if (testing::ReasonOf(session.status()) == "SECOND_FACTOR_WRONG") ++refused;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(in == 1);
  CHECK(refused == 3);
}

TEST_CASE("wrong codes wait, wherever they come from; recovery codes need not", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  for (int i = 0; i < 5; ++i) {
    Caller from;
    from.peer = "203.0.113." + std::to_string(i);
    CHECK_REFUSED(f.sessions.Login(from, kDana, kPassword, "000000"), "SECOND_FACTOR_WRONG");
  }
  CHECK_REFUSED(f.Login(f.Code()), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login(f.recovery[0]));
  REQUIRE_OK(f.NewUser(f.owner, "other@x.example", Role::kViewer));
  REQUIRE_OK(f.sessions.Login({}, "other@x.example", kPassword));

  f.clock.Advance(absl::Minutes(15));
  REQUIRE_OK(f.Login(f.Code()));
}

TEST_CASE("a recovery code is good once and kept as a hash", "[second-factor]") {
  WithFactor f;
  f.SetUp();
  CHECK(f.recovery.size() == 10);
  CHECK(f.Count("tenant.recovery_codes WHERE code_hash = 'quick:" + f.recovery[0] + "'") == 1);

  REQUIRE_OK(f.Login(f.recovery[0]));
  CHECK_REFUSED(f.Login(f.recovery[0]), "SECOND_FACTOR_WRONG");
  CHECK_REFUSED(f.Login("cwrc_made-up"), "SECOND_FACTOR_WRONG");
  REQUIRE_OK(f.Login(f.recovery[1]));
  CHECK(f.Count("tenant.recovery_codes") == 8);
}

TEST_CASE("a second factor counts when it is confirmed, by who knows the password",
          "[second-factor]") {
  WithFactor f;
  CHECK_REFUSED(f.second_factors.Begin({}, kDana, "wrong password"), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.second_factors.Begin({}, "nobody@x.example", kPassword), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.second_factors.Confirm({}, kDana, kPassword, "123456"),
                "SECOND_FACTOR_NOT_FOUND");

  const auto setup = f.second_factors.Begin({}, kDana, kPassword);
  REQUIRE_OK(setup);
  CHECK(setup->uri ==
        "otpauth://totp/CartWise:dana%40x.example?secret=BASE32&issuer=CartWise&algorithm=SHA1"
        "&digits=6&period=30");
  REQUIRE_OK(f.second_factors.Begin({}, kDana, kPassword));
  REQUIRE_OK(f.Login());
  CHECK_REFUSED(f.second_factors.Confirm({}, kDana, kPassword, "000000"), "SECOND_FACTOR_WRONG");
  CHECK_REFUSED(f.second_factors.Confirm({}, kDana, "wrong password", f.Code()), "BAD_CREDENTIALS");

  f.SetUp();
  CHECK_REFUSED(f.second_factors.Begin({}, kDana, kPassword), "SECOND_FACTOR_EXISTS");
  CHECK_REFUSED(f.second_factors.Confirm({}, kDana, kPassword, f.Code()), "SECOND_FACTOR_EXISTS");
}

TEST_CASE("a second factor is removed with password and code, or by somebody above",
          "[second-factor]") {
  WithFactor f;
  f.SetUp();
  CHECK_REFUSED(f.second_factors.Remove({}, kDana, "wrong password", f.Code()), "BAD_CREDENTIALS");
  CHECK_REFUSED(f.second_factors.Remove({}, kDana, kPassword, ""), "SECOND_FACTOR_NEEDED");
  CHECK_REFUSED(f.second_factors.Remove({}, kDana, kPassword, "000000"), "SECOND_FACTOR_WRONG");
  REQUIRE_OK(f.second_factors.Remove({}, kDana, kPassword, f.Code()));
  REQUIRE_OK(f.Login());
  CHECK(f.Count("tenant.recovery_codes") == 0);
  CHECK_REFUSED(f.second_factors.Remove({}, kDana, kPassword, f.Code()), "SECOND_FACTOR_NOT_FOUND");

  f.SetUp();
  const auto remove_as = [&](const Caller& as) {
    return f.Do(as, [&](Store& store, const Caller& caller) {
      return RemoveFactorOf(store, caller, f.dana.id, f.clock.Now());
    });
  };
  CHECK_REFUSED(remove_as(f.stranger), "USER_NOT_FOUND");
  CHECK_REFUSED(remove_as(Staff(f.rami.id, Role::kOperator)), "ROLE_ABOVE_OWN");
  CHECK_REFUSED(f.Login(), "SECOND_FACTOR_NEEDED");
  REQUIRE_OK(remove_as(f.owner));
  REQUIRE_OK(remove_as(f.owner));
  REQUIRE_OK(f.Login());
}

TEST_CASE("where the chain asks for it, owners and admins sign in with a second factor only",
          "[second-factor]") {
  WithFactor f;
  f.Make("viewer@x.example", Role::kViewer);
  ChainChange change;
  change.feature_flags = {kSecondFactorFlag};
  REQUIRE_OK(f.ChangeChain(f.platform, f.rami.id, change));

  CHECK_REFUSED(f.Login(), "SECOND_FACTOR_MISSING");
  REQUIRE_OK(f.sessions.Login({}, "viewer@x.example", kPassword));
  f.SetUp();
  REQUIRE_OK(f.Login(f.Code()));
}

TEST_CASE("the command on the server lets a platform admin in who lost the second factor",
          "[second-factor]") {
  WithFactor f;
  const auto set = [&] {
    return SetPlatformAdmin(f.database, f.credentials, "root@y.example", kPassword, f.clock.Now());
  };
  REQUIRE_OK(set());
  REQUIRE_OK(f.second_factors.Begin({}, "root@y.example", kPassword));
  REQUIRE_OK(f.second_factors.Confirm({}, "root@y.example", kPassword, f.Code()));
  CHECK_REFUSED(f.sessions.Login({}, "root@y.example", kPassword), "SECOND_FACTOR_NEEDED");

  REQUIRE_OK(set());
  REQUIRE_OK(f.sessions.Login({}, "root@y.example", kPassword));
}

}  // namespace
}  // namespace cartwise::tenant
