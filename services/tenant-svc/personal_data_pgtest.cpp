#include "domain/personal_data.hpp"

#include "adapters/otp_secrets.hpp"
#include "adapters/phone_seal.hpp"
#include "domain/one_time_codes.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/pg_erasures.hpp"
#include "storage/pg_otp_store.hpp"
#include "storage/pg_sign_in_holder.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kPhone[] = "+972502345678";
constexpr char kOther[] = "+972502345679";

// Another service that holds something, and is there or not.
class FakeHolder final : public DataHolder {
 public:
  absl::Status next;
  std::vector<ErasureOrder> erased;

  const std::string& Name() const override { return name_; }
  absl::StatusOr<std::string> Export(const Person&, absl::Time) override {
    if (!next.ok()) return next;
    return R"({"things": [1]})";
  }
  absl::StatusOr<Erased> Erase(const ErasureOrder& order, absl::Time) override {
    if (!next.ok()) return next;
    if (!order.check_only) erased.push_back(order);
    return Erased{"handle of " + (order.handle.empty() ? order.person.phone : order.handle), 7};
  }

 private:
  const std::string name_ = "other-svc";
};

class FakeWitness final : public ErasureWitness {
 public:
  std::vector<Erasure> done;
  void Done(const Erasure& erasure) override { done.push_back(erasure); }
};

struct People : TwoChains {
  KeyedOtpSecrets secrets = KeyedOtpSecrets::FromKeys(std::string(64, 'a')).value();
  KeyedPhoneSeal seal{auth::PhoneSecrets::Parse(std::string(64, 'a')).value()};
  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database{*pool, "tenant"};
  pg::DatabaseOf<ErasureStore, PgErasures> erasures{*pool, "tenant"};
  FakeSms sms;
  FakeOtpWatch watch;
  OneTimeCodes codes{{database, otp_database, secrets, credentials, sms, watch, clock},
                     OtpLimits()};
  FakeHolder other;
  PgSignInHolder own{*pool, secrets};
  FakeWitness witness;
  PersonalData people{{database, erasures, {&other, &own}, secrets, seal, witness, clock}};

  People() { AskForCodes(haifa); }

  void AskForCodes(const Branch& branch) {
    for (const char* phone : {kPhone, kOther}) {
      REQUIRE_OK(codes.Request({}, phone, branch.id.value()));
      CHECK_REFUSED(codes.Verify({}, phone, branch.id.value(), "000000"), "CODE_INVALID");
    }
  }
  Caller Shopper(const std::string& phone = kPhone) {
    Caller caller;
    caller.principal = Principal::kShopper;
    caller.subject = NewUuid();
    caller.chain = rami.id;
    caller.phone = phone;
    return caller;
  }
  absl::StatusOr<Erasure> Erase(const std::string& phone = kPhone) {
    return people.Erase(owner, *people.PersonOf(owner, {}, phone));
  }
  int64_t RowsOf(const std::string& phone) {
    const std::string hash = " WHERE phone_hash = '" + secrets.Keyed("phone", phone) + "'";
    return Count("tenant.one_time_codes" + hash) + Count("tenant.otp_sends" + hash) +
           Count("tenant.otp_people" + hash);
  }
};

TEST_CASE("an erasure is written down, done by every holder, and proven", "[personal-data]") {
  People f;
  const auto before = f.RowsOf(kOther);
  REQUIRE(f.RowsOf(kPhone) == 3);

  const auto erasure = f.Erase();

  REQUIRE_OK(erasure);
  CHECK(erasure->done_at);
  CHECK(erasure->requested_by == f.owner.Label());
  REQUIRE(erasure->parts.size() == 2);
  CHECK(erasure->parts[0].rows_erased == 7);
  CHECK(erasure->parts[1].rows_erased == 3);
  CHECK(f.RowsOf(kPhone) == 0);
  CHECK(f.RowsOf(kOther) == before);
  CHECK(f.Count("tenant.otp_sends") == 2);

  const auto record = f.people.Find(f.admin, erasure->id);
  REQUIRE_OK(record);
  CHECK(record->done_at);
  CHECK(record->parts.size() == 2);
  CHECK(f.Count("tenant.erasures e WHERE e::text LIKE '%502345678%' OR phone_sealed IS NOT NULL") ==
        0);
}

TEST_CASE("an erasure goes on by itself when a holder is back", "[personal-data]") {
  People f;
  f.other.next = absl::UnavailableError("away");
  const auto erasure = f.Erase();
  REQUIRE_OK(erasure);
  CHECK_FALSE(erasure->done_at);
  CHECK(f.RowsOf(kPhone) == 0);
  CHECK(f.Count("tenant.erasures e WHERE state = 'RUNNING' AND e::text NOT LIKE '%502345678%'") ==
        1);

  f.clock.Advance(absl::Seconds(11));
  CHECK(f.people.GoOn()->left == 1);
  f.other.next = absl::OkStatus();
  CHECK(f.people.GoOn()->done == 0);  // tried just now
  f.clock.Advance(absl::Seconds(11));
  CHECK(f.people.GoOn()->done == 1);

  CHECK(f.people.Find(f.owner, erasure->id)->done_at);
  REQUIRE(f.other.erased.size() == 1);
  CHECK(f.other.erased.front().person.phone == kPhone);
  CHECK(f.Count("tenant.erasures WHERE phone_sealed IS NOT NULL") == 0);
}

TEST_CASE("a holder that refuses keeps everything as it was", "[personal-data]") {
  People f;
  f.other.next = errors::Refuse(absl::StatusCode::kFailedPrecondition, "SHOPPER_HAS_RENTAL", "no");

  CHECK_REFUSED(f.Erase(), "SHOPPER_HAS_RENTAL");

  CHECK(f.RowsOf(kPhone) == 3);
  CHECK(f.Count("tenant.erasures") == 0);
}

TEST_CASE("after a restore the same people are erased again, without their phones",
          "[personal-data]") {
  People f;
  const auto first = f.Erase(kPhone);
  REQUIRE_OK(first);
  f.clock.Advance(absl::Hours(1));
  const absl::Time backup = f.clock.Now();
  const auto second = f.Erase(kOther);
  REQUIRE_OK(second);
  f.clock.Advance(absl::Minutes(10));
  f.AskForCodes(f.haifa);  // what the backup brought back

  CHECK(*f.people.EraseAgain(backup) == 1);
  CHECK(f.people.GoOn()->done == 1);

  CHECK(f.RowsOf(kOther) == 0);
  CHECK(f.RowsOf(kPhone) == 3);
  CHECK(f.other.erased.back().person.phone.empty());
  CHECK(f.other.erased.back().handle == "handle of " + std::string(kOther));
}

TEST_CASE("an erasure that the backup does not know of comes back from its witness",
          "[personal-data]") {
  People f;
  const auto erasure = f.Erase();
  REQUIRE_OK(erasure);
  f.server.Sql("DELETE FROM tenant.erasures");
  f.clock.Advance(absl::Minutes(10));
  f.AskForCodes(f.haifa);
  REQUIRE(f.witness.done.size() == 1);
  Erasure elsewhere = f.witness.done.front();
  elsewhere.id = ErasureId::New();
  elsewhere.chain = ChainId::New();

  CHECK(*f.people.Remember({f.witness.done.front(), elsewhere}) == 1);
  CHECK(*f.people.Remember(f.witness.done) == 0);
  CHECK(*f.people.EraseAgain(erasure->requested_at) == 1);
  CHECK(f.people.GoOn()->done == 1);

  CHECK(f.RowsOf(kPhone) == 0);
  CHECK(f.people.Find(f.owner, erasure->id)->done_at);
}

TEST_CASE("an export tells what every holder has, or fails", "[personal-data]") {
  People f;
  const auto held = f.people.Export(f.Shopper(), {f.rami.id, kPhone});
  REQUIRE_OK(held);
  REQUIRE(held->size() == 2);
  CHECK(held->at(0).json == R"({"things": [1]})");
  CHECK(held->at(1).json.find("\"sent_at\"") != std::string::npos);
  CHECK(held->at(1).json.find("\"tries\": 1") != std::string::npos);
  CHECK(held->at(1).json.find(f.haifa.id.value()) != std::string::npos);

  f.other.next = absl::UnavailableError("away");
  CHECK_REFUSED(f.people.Export(f.Shopper(), {f.rami.id, kPhone}), "HOLDER_AWAY");
}

TEST_CASE("a chain's admins act for their chain, shoppers see their own erasures",
          "[personal-data]") {
  People f;
  f.clock.Advance(absl::Minutes(10));
  f.AskForCodes(f.tel_aviv);
  const Caller branch_admin = Staff(f.rami.id, Role::kAdmin, {f.haifa.id});
  CHECK_REFUSED(f.people.PersonOf(branch_admin, {}, kPhone), "WHOLE_CHAIN_ONLY");
  CHECK_REFUSED(f.people.PersonOf(f.owner, f.shufersal.id, kPhone), "CHAIN_NOT_FOUND");
  CHECK_REFUSED(f.people.PersonOf(f.platform, {}, kPhone), "INVALID_FIELD");
  CHECK(f.people.PersonOf(f.platform, f.rami.id, "050-2345678")->phone == kPhone);

  const auto erasure = f.Erase();
  REQUIRE_OK(erasure);
  CHECK(f.RowsOf(kPhone) == 3);  // those of the other chain
  CHECK_REFUSED(f.people.Find(f.stranger, erasure->id), "ERASURE_NOT_FOUND");
  CHECK_REFUSED(f.people.Find(branch_admin, erasure->id), "WHOLE_CHAIN_ONLY");
  CHECK_REFUSED(f.people.Find(f.Shopper(kOther), erasure->id), "ERASURE_NOT_FOUND");
  REQUIRE_OK(f.people.Find(f.Shopper(), erasure->id));
}

}  // namespace
}  // namespace cartwise::tenant
