#include <algorithm>

#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

// Children before parents, so that each may be emptied.
const std::vector<std::string> kTables = {"commands", "streams",          "controllers",
                                          "devices",  "idempotency_keys", "outbox"};

// Two chains with at least a row in every table.
struct FullTables : TwoChains {
  std::unique_ptr<pg::Connection> app = pg::Connection::Open(server.UrlOf("device")).value();

  FullTables() {
    int number = 1;
    for (const EnrolledBranch& branch : {haifa, tel_aviv}) {
      const Device device = Enrolled(branch, "02:00:00:00:00:0" + std::to_string(number++));
      REQUIRE_OK(AddBoard(device));
      const auto stream = Open(device);
      REQUIRE_OK(stream);
      NewCommand command;
      command.id = CommandId::New();
      command.chain = branch.chain;
      command.device = device.id;
      command.kind = "lock.read";
      command.requested_by = "service:rental-svc";
      REQUIRE_OK(log.Begin(command, stream->id, absl::InfiniteFuture()));
      server.Sql(
          "INSERT INTO device.idempotency_keys (chain_id, principal, method, key, request_hash) "
          "VALUES ('" +
          branch.chain.value() + "', 'p', 'm', 'k', 'h')");
    }
  }

  absl::StatusOr<pg::Rows> Run(const std::string& sql) { return app->Raw(sql); }
  int64_t Rows(const std::string& from) {
    const auto rows = Run("SELECT count(*) AS n FROM device." + from);
    REQUIRE_OK(rows);
    return rows->front().Int("n");
  }
  int64_t RowsOf(const EnrolledBranch& branch, const std::string& table) {
    return Count("device." + table + " WHERE chain_id = '" + branch.chain.value() + "'");
  }
  void Begin(const EnrolledBranch* as) {
    REQUIRE_OK(Run("BEGIN"));
    if (as == nullptr) return;
    REQUIRE_OK(Run("SELECT set_config('cartwise.chain_id', '" + as->chain.value() + "', true)"));
  }
};

TEST_CASE("the list of tables is the schema's", "[row-security]") {
  FullTables f;
  std::vector<std::string> found, known = kTables;
  for (const auto row : f.server.Sql(
           "SELECT table_name FROM information_schema.columns "
           "WHERE table_schema = 'device' AND column_name = 'chain_id' ORDER BY table_name")) {
    found.push_back(row.Text("table_name"));
  }
  std::sort(known.begin(), known.end());
  CHECK(found == known);
  for (const std::string& table : kTables) {
    CAPTURE(table);
    CHECK(f.RowsOf(f.haifa, table) > 0);
    CHECK(f.RowsOf(f.tel_aviv, table) > 0);
  }
}

TEST_CASE("statements that forgot the tenant reach its own rows only", "[row-security]") {
  FullTables f;
  std::map<std::string, int64_t> own, foreign;
  for (const std::string& table : kTables) {
    own[table] = f.RowsOf(f.haifa, table);
    foreign[table] = f.RowsOf(f.tel_aviv, table);
  }
  const std::string of_foreign = " WHERE chain_id = '" + f.tel_aviv.chain.value() + "'";

  f.Begin(&f.haifa);
  for (const std::string& table : kTables) {
    CAPTURE(table);
    CHECK(f.Rows(table) == own[table]);
    CHECK(f.Rows(table + of_foreign) == 0);
    CHECK(f.Run("UPDATE device." + table + " SET chain_id = chain_id")->affected() == own[table]);
  }
  for (const std::string& table : kTables) {
    CAPTURE(table);
    REQUIRE_OK(f.Run("DELETE FROM device." + table));
  }
  REQUIRE_OK(f.Run("COMMIT"));

  for (const std::string& table : kTables) {
    CAPTURE(table);
    CHECK(f.RowsOf(f.haifa, table) == 0);
    CHECK(f.RowsOf(f.tel_aviv, table) == foreign[table]);
  }
}

TEST_CASE("without a tenant there is nothing to see, change or delete", "[row-security]") {
  FullTables f;
  f.Begin(nullptr);
  for (const std::string& table : kTables) {
    CAPTURE(table);
    CHECK(f.Rows(table) == 0);
    CHECK(f.Run("UPDATE device." + table + " SET chain_id = chain_id")->affected() == 0);
    CHECK(f.Run("DELETE FROM device." + table)->affected() == 0);
  }
}

TEST_CASE("no row is moved into another tenant", "[row-security]") {
  FullTables f;
  for (const std::string& table : kTables) {
    CAPTURE(table);
    f.Begin(&f.haifa);
    CHECK_FALSE(
        f.Run("UPDATE device." + table + " SET chain_id = '" + f.tel_aviv.chain.value() + "'")
            .ok());
    REQUIRE_OK(f.Run("ROLLBACK"));
  }
}

TEST_CASE("every tenant's unique key begins with the tenant, but for the MAC address",
          "[row-security]") {
  FullTables f;
  std::vector<std::string> others;
  for (const auto row : f.server.Sql(R"sql(
           SELECT i.indexrelid::regclass::text AS name
             FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
             JOIN pg_namespace n ON n.oid = t.relnamespace
             JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0]
            WHERE n.nspname = 'device' AND i.indisunique AND t.relforcerowsecurity
              AND a.attname <> 'chain_id')sql")) {
    others.push_back(row.Text("name"));
  }
  CHECK(others == std::vector<std::string>{"device.devices_mac_unique"});
}

TEST_CASE("the service's role is fit to serve", "[row-security]") {
  FullTables f;
  CHECK(f.pool->CheckReady("device").ok());
}

}  // namespace
}  // namespace cartwise::device
