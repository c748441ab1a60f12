#include <algorithm>
#include <map>

#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::tenant {
namespace {

// Children before parents, so that each may be emptied.
const std::vector<std::string> kTables = {"erasure_parts",
                                          "erasures",
                                          "api_keys",
                                          "password_links",
                                          "recovery_codes",
                                          "second_factors",
                                          "one_time_codes",
                                          "otp_sends",
                                          "otp_people",
                                          "otp_stopped_prefixes",
                                          "enrollment_redemptions",
                                          "enrollment_keys",
                                          "refresh_tokens",
                                          "sign_ins",
                                          "sign_in_places",
                                          "user_branches",
                                          "users",
                                          "branches",
                                          "chains",
                                          "idempotency_keys",
                                          "outbox",
                                          "revocations"};

// What nobody changes or deletes, see audit_pgtest.
const std::vector<std::string> kWrittenOnce = {"audit_entries", "audit_heads"};

// Two chains with at least a row in every table.
struct FullTables : TwoChains {
  std::unique_ptr<pg::Connection> app = Open();

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
    }
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

  absl::StatusOr<pg::Rows> Run(const std::string& sql) { return app->Raw(sql); }

  int64_t Rows(const std::string& sql) {
    const auto rows = Run(sql);
    REQUIRE_OK(rows);
    return rows->front().Int("n");
  }

  int64_t RowsOf(const Chain& chain, const std::string& table) {
    return Count("tenant." + table + " WHERE chain_id = '" + chain.id.value() + "'");
  }

  void Begin(const Chain* as) {
    REQUIRE_OK(Run("BEGIN"));
    if (as != nullptr) {
      REQUIRE_OK(Run("SELECT set_config('cartwise.chain_id', '" + as->id.value() + "', true)"));
    }
  }

 private:
  std::unique_ptr<pg::Connection> Open() {
    auto connection = pg::Connection::Open(server.UrlOf("tenant"));
    REQUIRE_OK(connection);
    return *std::move(connection);
  }
};

TEST_CASE("the list of tables is the schema's", "[row-security]") {
  FullTables f;
  const auto tables = f.server.Sql(
      "SELECT table_name FROM information_schema.columns "
      "WHERE table_schema = 'tenant' AND column_name = 'chain_id' ORDER BY table_name");
  auto known = kTables;
  known.insert(known.end(), kWrittenOnce.begin(), kWrittenOnce.end());
  std::sort(known.begin(), known.end());
  std::vector<std::string> found;
  for (const auto row : tables) found.push_back(row.Text("table_name"));
  CHECK(found == known);
  for (const auto& table : kTables) {
    CAPTURE(table);
    CHECK(f.RowsOf(f.rami, table) > 0);
    CHECK(f.RowsOf(f.shufersal, table) > 0);
  }
}

TEST_CASE("statements that forgot the tenant reach its own rows only", "[row-security]") {
  FullTables f;
  std::map<std::string, int64_t> own, foreign;
  for (const auto& table : kTables) {
    own[table] = f.RowsOf(f.rami, table);
    foreign[table] = f.RowsOf(f.shufersal, table);
  }

  f.Begin(&f.rami);
  for (const auto& table : kTables) {
    CAPTURE(table);
    CHECK(f.Rows("SELECT count(*) AS n FROM tenant." + table) == own[table]);
    CHECK(f.Rows("SELECT count(*) AS n FROM tenant." + table + " WHERE chain_id = '" +
                 f.shufersal.id.value() + "'") == 0);
    CHECK(f.Run("UPDATE tenant." + table + " SET chain_id = chain_id")->affected() == own[table]);
  }
  for (const auto& table : kTables) {
    CAPTURE(table);
    const auto deleted = f.Run("DELETE FROM tenant." + table);
    REQUIRE_OK(deleted);
    CHECK(f.Rows("SELECT count(*) AS n FROM tenant." + table) == 0);
  }
  REQUIRE_OK(f.Run("COMMIT"));

  for (const auto& table : kTables) {
    CAPTURE(table);
    CHECK(f.RowsOf(f.rami, table) == 0);
    CHECK(f.RowsOf(f.shufersal, table) == foreign[table]);
  }
}

TEST_CASE("without a tenant there is nothing to see, change or delete", "[row-security]") {
  FullTables f;
  f.Begin(nullptr);
  for (const auto& table : kTables) {
    CAPTURE(table);
    CHECK(f.Rows("SELECT count(*) AS n FROM tenant." + table) == 0);
    CHECK(f.Run("UPDATE tenant." + table + " SET chain_id = chain_id")->affected() == 0);
    CHECK(f.Run("DELETE FROM tenant." + table)->affected() == 0);
  }
}

TEST_CASE("counts of failed sign-ins are no tenant's", "[row-security]") {
  FullTables f;
  f.Begin(&f.rami);
  CHECK(f.Count("tenant.sign_in_tries") > 0);
  CHECK(f.Rows("SELECT count(*) AS n FROM tenant.sign_in_tries") == 0);
  CHECK(f.Run("UPDATE tenant.sign_in_tries SET tries = 0")->affected() == 0);
  CHECK(f.Run("DELETE FROM tenant.sign_in_tries")->affected() == 0);
}

TEST_CASE("no row is written or moved into another tenant", "[row-security]") {
  FullTables f;
  const std::string foreign = "'" + f.shufersal.id.value() + "'";

  for (const auto& table : kTables) {
    CAPTURE(table);
    f.Begin(&f.rami);
    CHECK_FALSE(f.Run("UPDATE tenant." + table + " SET chain_id = " + foreign).ok());
    REQUIRE_OK(f.Run("ROLLBACK"));
  }
  f.Begin(&f.rami);
  const auto inserted = f.Run(
      "INSERT INTO tenant.idempotency_keys (chain_id, principal, method, key, request_hash) "
      "VALUES (" +
      foreign + ", 'p', 'm', 'other', 'h')");
  CHECK_FALSE(inserted.ok());
  CHECK(inserted.status().message().find("row-level security") != std::string::npos);
}

TEST_CASE("the runtime role is safe to serve with", "[row-security]") {
  TwoChains f;
  REQUIRE_OK(f.pool->CheckReady("tenant"));

  f.server.Sql("ALTER TABLE tenant.users NO FORCE ROW LEVEL SECURITY");
  CHECK_FALSE(f.pool->CheckReady("tenant").ok());
}

}  // namespace
}  // namespace cartwise::tenant
