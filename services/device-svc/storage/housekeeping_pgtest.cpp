#include "storage/housekeeping.hpp"

#include "cartwise/base/text.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

TEST_CASE("what nobody can use any more is deleted, and nothing else", "[housekeeping]") {
  TwoChains f;
  const Device device = f.Enrolled(f.haifa);
  const std::string chain = "'" + device.chain.value() + "', ";
  const auto at = [&](int days) {
    return "'" + ToRfc3339(f.clock.Now() - absl::Hours(24 * days)) + "'";
  };
  const auto command = [&](int days, const std::string& state) {
    const std::string settled = state == "SENT" ? "NULL" : at(days);
    f.server.Sql(
        "INSERT INTO device.commands (chain_id, command_id, device_id, kind, state, issued_at, "
        "settled_at, ttl_ms, requested_by) VALUES (" +
        chain + "gen_random_uuid(), '" + device.id.value() + "', 'lock.unlock', '" + state + "', " +
        at(days) + ", " + settled + ", 1, 'x')");
  };
  const auto never_accepted = [&](int days) {
    f.server.Sql(
        "INSERT INTO device.commands (chain_id, command_id, kind, state, reason, issued_at, "
        "settled_at, ttl_ms, requested_by) VALUES (" +
        chain + "gen_random_uuid(), '', 'DROPPED', 'NEVER_ACCEPTED', " + at(days) + ", " +
        at(days) + ", 0, 'x')");
  };
  const auto answer = [&](int days) {
    f.server.Sql("INSERT INTO device.idempotency_keys VALUES (" + chain + "'p', 'm', 'k" +
                 std::to_string(days) + "', 'h', '', " + at(days) + ")");
  };
  for (const int days : {89, 91}) {
    for (const char* state : {"SUCCEEDED", "DROPPED", "UNKNOWN", "SENT"}) command(days, state);
    never_accepted(days);
  }
  for (const int days : {0, 2}) answer(days);

  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));

  CHECK(f.Count("device.commands WHERE state IN ('SUCCEEDED', 'DROPPED')") == 3);
  CHECK(f.Count("device.commands WHERE reason = 'NEVER_ACCEPTED'") == 1);
  CHECK(f.Count("device.commands WHERE state IN ('UNKNOWN', 'SENT')") == 4);
  CHECK(f.Count("device.commands WHERE issued_at < now() - interval '90 days'") == 2);
  CHECK(f.Count("device.idempotency_keys WHERE key = 'k0'") == 1);
  CHECK(f.Count("device.idempotency_keys") == 1);
}

}  // namespace
}  // namespace cartwise::device
