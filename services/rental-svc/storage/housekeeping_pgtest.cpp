#include "storage/housekeeping.hpp"

#include "cartwise/base/text.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

TEST_CASE("what nobody can use any more is deleted, and nothing else", "[housekeeping]") {
  RentalFixture f;
  const auto add = [&](absl::Duration age) {
    const std::string at = "'" + ToRfc3339(f.clock.Now() - age) + "'", id = "'" + NewUuid() + "'";
    f.db.Sql(
        "INSERT INTO rental.idempotency_keys (chain_id, principal, method, key, request_hash, "
        "created_at) VALUES (" +
        id + ", 'p', 'm', 'k', 'h', " + at + ")");
    f.db.Sql("INSERT INTO rental.seen_events VALUES (" + id + ", " + id + ", " + at + ")");
    f.db.Sql("INSERT INTO rental.offline_spans VALUES (" + id + ", " + id + ", " + at +
             "::timestamptz - interval '1 hour', " + at + ")");
  };
  for (const int days : {29, 31, 89, 91}) add(absl::Hours(24 * days));
  f.db.Sql(
      "INSERT INTO rental.offline_spans SELECT chain_id, device_id, '2020-01-01', NULL FROM "
      "rental.offline_spans LIMIT 1");

  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));

  CHECK(f.Count("idempotency_keys") == 1);
  CHECK(f.Count("seen_events") == 3);
  CHECK(f.Count("offline_spans") == 4);  // one of them still goes on
}

}  // namespace
}  // namespace cartwise::rental::testing
