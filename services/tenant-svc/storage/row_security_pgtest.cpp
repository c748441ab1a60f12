#include "cartwise/pg/connection.hpp"
#include "cartwise/testing/row_security.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

// Two chains with at least a row in every table.
struct FullTables : TwoChains {
  FullTables() {
    for (const auto& [caller, branch] : {std::pair(owner, haifa), std::pair(stranger, tel_aviv)}) {
      const std::string email = branch.branch_code + "@x.example";
      const auto user = NewUser(caller, email, Role::kOperator, {branch.id});
      REQUIRE_OK(user);
      REQUIRE_OK(sessions.Login({}, email, kPassword));
      REQUIRE_OK(Do(caller, [&](Store& store, const Caller& as) {
        return NewPasswordLink(store, as, credentials, *user, clock.Now());
      }));
      REQUIRE_OK(second_factors.Begin({}, email, kPassword));
      REQUIRE_OK(
          second_factors.Confirm({}, email, kPassword, FakeFactorSecrets::Code(clock.Now())));
      const auto key = NewKey(caller, branch.id);
      REQUIRE_OK(key);
      REQUIRE_OK(Redeem(key->secret, "02:00:00:00:00:01"));
      const std::string chain_id = "'" + caller.chain.value() + "'";
      server.Sql("INSERT INTO tenant.api_keys SELECT " + chain_id +
                 ", gen_random_uuid(), 'n', 'h', 'abcd', "
                 "'VIEWER', true, '{}', '{rentals:read}', 0, '" +
                 user->id.value() +
                 "', now(), now() + interval '1 hour'; UPDATE tenant.api_keys SET revoked_at = "
                 "now() WHERE "
                 "chain_id = " +
                 chain_id);
      server.Sql(
          "INSERT INTO tenant.idempotency_keys (chain_id, principal, method, key, "
          "request_hash) VALUES ('" +
          caller.chain.value() + "', 'p', 'm', 'k', 'h')");
      InsertCodes(caller.chain, branch.id);
      InsertAudit(caller.chain);
    }
  }

  void InsertAudit(const ChainId& chain) {
    const std::string id = "'" + chain.value() + "'";
    server.Sql("INSERT INTO tenant.audit_entries SELECT " + id +
               ", 1, gen_random_uuid(), now(), now(), 's', 'a', 'r', 'what', 'o', NULL, NULL, '', "
               "'', '', sha256('');"
               "INSERT INTO tenant.audit_heads VALUES (" +
               id + ", 1, sha256(''))");
  }

  void InsertCodes(const ChainId& chain, const BranchId& branch) {
    const std::string id = "'" + chain.value() + "'";
    server.Sql("INSERT INTO tenant.one_time_codes VALUES (" + id +
               ", 'p', gen_random_uuid(), 'c', now(), now() + interval '1 minute');"
               "INSERT INTO tenant.otp_sends VALUES (" +
               id + ", gen_random_uuid(), '" + branch.value() +
               "', 'p', 'x', 'a', now());"
               "INSERT INTO tenant.otp_people VALUES (" +
               id +
               ", 'p', 1, 0, now(), now());"
               "INSERT INTO tenant.otp_stopped_prefixes VALUES (" +
               id +
               ", 'x', now());"
               "INSERT INTO tenant.erasures SELECT " +
               id +
               ", gen_random_uuid(), 'p', NULL, 'RUNNING', 'u', now(), now();"
               "INSERT INTO tenant.erasure_parts SELECT chain_id, erasure_id, 'h' FROM "
               "tenant.erasures WHERE chain_id = " +
               id);
  }
};

TEST_CASE("statements that forgot the tenant reach its own rows only", "[row-security]") {
  FullTables f;
  testing::CheckRowSecurity(f.server, "tenant", f.rami.id, f.shufersal.id);
}

TEST_CASE("counts of failed sign-ins are no tenant's", "[row-security]") {
  FullTables f;
  const auto app = pg::Connection::Open(f.server.UrlOf("tenant")).value();
  REQUIRE_OK(
      app->Raw("SELECT set_config('cartwise.chain_id', '" + f.rami.id.value() + "', false)"));
  CHECK(f.Count("tenant.sign_in_tries") > 0);
  CHECK(app->Raw("SELECT count(*) AS n FROM tenant.sign_in_tries")->front().Int("n") == 0);
  CHECK(app->Raw("UPDATE tenant.sign_in_tries SET tries = 0")->affected() == 0);
  CHECK(app->Raw("DELETE FROM tenant.sign_in_tries")->affected() == 0);
}

TEST_CASE("the runtime role is safe to serve with", "[row-security]") {
  TwoChains f;
  REQUIRE_OK(f.pool->CheckReady("tenant"));

  f.server.Sql("ALTER TABLE tenant.users NO FORCE ROW LEVEL SECURITY");
  CHECK_FALSE(f.pool->CheckReady("tenant").ok());
}

}  // namespace
}  // namespace cartwise::tenant
