#include "cartwise/testing/row_security.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

// Two chains with at least a row in every table.
struct FullTables : TwoChains {
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
      REQUIRE_OK(log.Begin(command, stream->id, absl::InfiniteFuture(), [] {}));
      server.Sql(
          "INSERT INTO device.idempotency_keys (chain_id, principal, method, key, request_hash) "
          "VALUES ('" +
          branch.chain.value() + "', 'p', 'm', 'k', 'h')");
    }
  }
};

TEST_CASE("statements that forgot the tenant reach its own rows only", "[row-security]") {
  FullTables f;
  testing::CheckRowSecurity(f.server, "device", f.haifa.chain, f.tel_aviv.chain);
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
