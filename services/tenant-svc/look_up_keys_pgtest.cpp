
#include "adapters/otp_secrets.hpp"
#include "domain/one_time_codes.hpp"
#include "domain/otp_ports_fake.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/pg_otp_store.hpp"
#include "storage/pg_sign_in_holder.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kPhone[] = "+972502345678";
constexpr char kOffice[] = "203.0.113.9";
const std::string kOld(64, 'a'), kNew(64, 'b');

// One replica of the service, with its own file of keys.
struct Replica {
  Replica(TwoChains& fixture, const std::string& look_up_lines)
      : f(fixture),
        secrets(KeyedOtpSecrets::FromKeys("first:" + kOld + "\n" + look_up_lines).value()),
        otp_database(*f.pool, "tenant"),
        codes({f.database, otp_database, secrets, f.credentials, sms, watch, f.clock}, {}),
        password_check(f.database, f.credentials, secrets, f.clock),
        second_factors(f.database, password_check, f.factors, f.credentials, secrets, f.clock),
        sessions(f.database, f.credentials, secrets, password_check, second_factors, f.clock) {}

  static Caller From() {
    Caller caller;
    caller.peer = kOffice;
    return caller;
  }
  auto Request() { return codes.Request(From(), kPhone, f.haifa.id.value()); }
  auto Verify(const std::string& code) {
    return codes.Verify(From(), kPhone, f.haifa.id.value(), code);
  }
  auto Login(const std::string& password) {
    return sessions.Login(From(), "dana@x.example", password);
  }

  TwoChains& f;
  KeyedOtpSecrets secrets;
  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database;
  FakeSms sms;
  FakeOtpWatch watch;
  OneTimeCodes codes;
  PasswordCheck password_check;
  SecondFactors second_factors;
  Sessions sessions;
};

struct KeyChange : TwoChains {
  Replica old{*this, "lookup:" + kOld};
  Replica knows{*this, "lookup:" + kOld + "\nlookup-2027:" + kNew};
  Replica changes{*this, "lookup-2027:" + kNew + "\nlookup:" + kOld};
  Replica fresh{*this, "lookup-2027:" + kNew};
};

std::string WrongFor(const Replica& replica) {
  return replica.sms.sent().back().code == "000000" ? "000001" : "000000";
}

TEST_CASE("a code that was asked for under one look-up key is good under the next",
          "[look-up-keys]") {
  KeyChange f;
  const auto [asks, types] = GENERATE_REF(table<Replica*, Replica*>({{&f.old, &f.knows},
                                                                     {&f.knows, &f.changes},
                                                                     {&f.changes, &f.knows},
                                                                     {&f.changes, &f.fresh}}));
  REQUIRE_OK(asks->Request());
  CHECK_REFUSED(types->Verify(WrongFor(*asks)), "CODE_INVALID");
  REQUIRE_OK(types->Verify(asks->sms.sent().back().code));
  for (Replica* replica : {asks, types}) {
    CHECK_REFUSED(replica->Verify(asks->sms.sent().back().code), "CODE_INVALID");
  }
}

TEST_CASE("wrong codes are counted together under all look-up keys", "[look-up-keys]") {
  KeyChange f;
  const auto [one, other] = GENERATE_REF(table<Replica*, Replica*>(
      {{&f.old, &f.knows}, {&f.knows, &f.changes}, {&f.changes, &f.fresh}}));
  REQUIRE_OK(one->Request());
  const std::string wrong = WrongFor(*one);
  for (Replica* replica : {other, one, other, one, other}) {
    CHECK_REFUSED(replica->Verify(wrong), "CODE_INVALID");
  }
  for (Replica* replica : {one, other}) {
    CHECK_REFUSED(replica->Verify(one->sms.sent().back().code), "TOO_MANY_TRIES");
    CHECK_REFUSED(replica->Request(), "TOO_MANY_TRIES");
  }
}

TEST_CASE("replicas with another newest look-up key leave one live code and count every message",
          "[look-up-keys]") {
  KeyChange f;
  REQUIRE_OK(f.knows.Request());
  CHECK_REFUSED(f.changes.Request(), "TOO_MANY_CODES");
  f.clock.Advance(absl::Minutes(2));
  REQUIRE_OK(f.changes.Request());
  const std::string first = f.knows.sms.sent().back().code;
  if (first != f.changes.sms.sent().back().code) {
    CHECK_REFUSED(f.knows.Verify(first), "CODE_INVALID");
  }
  f.clock.Advance(absl::Minutes(3));
  REQUIRE_OK(f.knows.Request());
  f.clock.Advance(absl::Minutes(5));
  CHECK_REFUSED(f.changes.Request(), "TOO_MANY_CODES");
}

TEST_CASE(
    "failed sign-ins of staff and networks they came from outlive a change of the look-up "
    "key",
    "[look-up-keys]") {
  KeyChange f;
  REQUIRE_OK(f.NewUser(f.owner, "dana@x.example", Role::kViewer));
  for (int i = 0; i < 5; ++i) {
    CHECK_REFUSED(f.knows.Login("wrong"), "BAD_CREDENTIALS");
    CHECK_REFUSED(f.changes.Login("wrong"), "BAD_CREDENTIALS");
  }
  for (Replica* replica : {&f.old, &f.knows, &f.changes, &f.fresh}) {
    CHECK_REFUSED(replica->Login(kPassword), "TOO_MANY_SIGN_INS");
  }
  f.clock.Advance(absl::Minutes(2));
  REQUIRE_OK(f.knows.Login(kPassword));
  for (int i = 0; i < 10; ++i) CHECK_REFUSED(f.changes.Login("wrong"), "BAD_CREDENTIALS");
  REQUIRE_OK(f.fresh.Login(kPassword));
}

TEST_CASE("a person is erased under every look-up key, and by the handle again", "[look-up-keys]") {
  KeyChange f;
  REQUIRE_OK(f.old.Request());
  PgSignInHolder holder(*f.pool, f.changes.secrets);
  const ErasureOrder check{.person = {f.rami.id, kPhone}, .handle = {}, .check_only = true};
  const auto checked = holder.Erase(check, absl::InfiniteFuture());
  REQUIRE_OK(checked);
  const ErasureOrder again{.person = {f.rami.id, ""}, .handle = checked->handle};
  REQUIRE_OK(holder.Erase(again, absl::InfiniteFuture()));
  CHECK(f.Count("tenant.one_time_codes") == 0);
  CHECK(f.Count("tenant.otp_sends WHERE phone_hash <> ''") == 0);
}

}  // namespace
}  // namespace cartwise::tenant
