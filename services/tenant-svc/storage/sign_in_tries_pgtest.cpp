#include <thread>

#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kOffice[] = "203.0.113.9";
constexpr char kElsewhere[] = "198.51.100.7";

struct Tried : TwoChains {
  User dana = Make("dana@x.example");

  User Make(const std::string& email) {
    auto user = NewUser(owner, email, Role::kViewer);
    REQUIRE_OK(user);
    return *user;
  }
  absl::StatusOr<Session> Login(const std::string& peer, const std::string& password = kPassword,
                                const std::string& email = "dana@x.example") {
    Caller caller;
    caller.peer = peer;
    return sessions.Login(caller, email, password);
  }
  void Fail(const std::string& peer, int times, const std::string& email = "dana@x.example") {
    for (int i = 0; i < times; ++i) CHECK_REFUSED(Login(peer, "wrong", email), "BAD_CREDENTIALS");
  }
};

TEST_CASE("failed sign-ins of an e-mail from one network wait, longer every time", "[tries]") {
  Tried f;
  for (const auto wait :
       {absl::Minutes(1), absl::Minutes(5), absl::Minutes(15), absl::Minutes(15)}) {
    f.Fail(kOffice, 10);
    CHECK_REFUSED(f.Login(kOffice, "wrong"), "TOO_MANY_SIGN_INS");
    CHECK_REFUSED(f.Login(kOffice), "TOO_MANY_SIGN_INS");
    f.clock.Advance(wait - absl::Seconds(1));
    CHECK_REFUSED(f.Login(kOffice), "TOO_MANY_SIGN_INS");
    f.clock.Advance(absl::Seconds(1));
  }
  REQUIRE_OK(f.Login(kOffice));
}

TEST_CASE("nobody is locked out by tries from another network", "[tries]") {
  Tried f;
  f.Fail(kElsewhere, 10);
  CHECK_REFUSED(f.Login(kElsewhere), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login(kOffice));
}

TEST_CASE("the right password from a known network always works", "[tries]") {
  Tried f;
  REQUIRE_OK(f.Login(kOffice));
  f.Fail(kOffice, 10);
  CHECK_REFUSED(f.Login(kOffice, "wrong"), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login(kOffice));

  for (int i = 0; i < 9; ++i) f.Fail(kOffice, 10, "nobody" + std::to_string(i) + "@x.example");
  CHECK_REFUSED(f.Login(kOffice, "wrong"), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login(kOffice));

  f.clock.Advance(absl::Hours(90 * 24));
  f.Fail(kOffice, 10);
  CHECK_REFUSED(f.Login(kOffice), "TOO_MANY_SIGN_INS");
}

TEST_CASE("one network has so many failures over all e-mails", "[tries]") {
  Tried f;
  for (int i = 0; i < 10; ++i) f.Fail(kOffice, 10, "nobody" + std::to_string(i) + "@x.example");
  CHECK_REFUSED(f.Login(kOffice), "TOO_MANY_SIGN_INS");
  REQUIRE_OK(f.Login(kElsewhere));
}

TEST_CASE("too many sign-ins of a known and an unknown e-mail answer alike", "[tries]") {
  Tried f;
  f.Fail(kOffice, 10);
  f.Fail(kOffice, 10, "nobody@x.example");
  const auto known = f.Login(kOffice, "wrong");
  CHECK_REFUSED(known, "TOO_MANY_SIGN_INS");
  CHECK(f.Login(kOffice, "wrong", "nobody@x.example").status() == known.status());
}

TEST_CASE("good sign-ins use up no tries", "[tries]") {
  Tried f;
  for (int i = 0; i < 11; ++i) {
    f.Fail(kOffice, 9);
    REQUIRE_OK(f.Login(kOffice));
  }
  CHECK(f.Count("tenant.sign_in_tries WHERE kind = 'pair'") == 0);
}

TEST_CASE("who meets the end of a good sign-in is not taken for one who tries too often",
          "[tries]") {
  Tried f;
  f.Fail(kOffice, 1);
  const auto twin = pg::Connection::Open(f.server.SuperUrl());
  REQUIRE_OK(twin);
  REQUIRE_OK((*twin)->Raw("BEGIN; SELECT 1 FROM tenant.sign_in_tries FOR UPDATE"));

  absl::StatusOr<Session> session;
  std::thread waiting([&] { session = f.Login(kOffice); });
  f.server.AwaitLockWaits();
  REQUIRE_OK((*twin)->Raw("DELETE FROM tenant.sign_in_tries WHERE kind = 'pair'; COMMIT"));
  waiting.join();

  REQUIRE_OK(session);
}

TEST_CASE("many tries at once are all counted", "[tries]") {
  Tried f;
  std::atomic<int> heard = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      if (testing::ReasonOf(f.Login(kOffice, "wrong")) == "BAD_CREDENTIALS") ++heard;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(heard == 10);
}

}  // namespace
}  // namespace cartwise::tenant
