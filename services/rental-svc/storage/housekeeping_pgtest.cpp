#include "storage/housekeeping.hpp"

#include "cartwise/base/text.hpp"
#include "cartwise/pg/connection.hpp"
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

TEST_CASE("what is old is found without reading what is young, also where old rows have stood",
          "[housekeeping]") {
  RentalFixture f;
  const std::string table = GENERATE("idempotency_keys", "seen_events", "offline_spans");
  CAPTURE(table);
  f.db.Sql("ALTER TABLE rental." + table + " SET (autovacuum_enabled = off)");
  const auto add = [&](int rows, const std::string& age) {
    const std::string at = "now() - interval '" + age + "'";
    const std::string columns =
        table == "idempotency_keys" ? "gen_random_uuid(), 'p', 'm', 'k', 'h', NULL, NULL, " + at
        : table == "seen_events"    ? "gen_random_uuid(), gen_random_uuid(), " + at
                                    : "gen_random_uuid(), gen_random_uuid(), " + at + ", " + at;
    f.db.Sql("INSERT INTO rental." + table + " SELECT " + columns + " FROM generate_series(1, " +
             std::to_string(rows) + ")");
  };
  const auto pages_read = [&] {
    f.EndSessions();
    return f.db
        .Sql(
            "SELECT heap_blks_read + heap_blks_hit AS v FROM pg_statio_user_tables WHERE "
            "schemaname = 'rental' AND relname = '" +
            table + "'")
        .front()
        .Int("v");
  };
  add(20'000, "200 days");
  add(100, "1 day");
  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));
  REQUIRE(f.Count(table) == 100);
  f.db.Sql("VACUUM rental." + table);
  add(20'000, "1 day");

  const int64_t before = pages_read();
  REQUIRE_OK(Tidy(*f.db.PoolBesideStranger("rental", 1), f.clock.Now()));

  CHECK(pages_read() - before < 10);
}

TEST_CASE("what cannot be deleted now keeps nothing else", "[housekeeping]") {
  RentalFixture f;
  const std::string ids = "gen_random_uuid(), gen_random_uuid(), ";
  f.db.Sql("INSERT INTO rental.seen_events SELECT " + ids + "now() - interval '91 days'");
  f.db.Sql("INSERT INTO rental.offline_spans SELECT " + ids +
           "now() - interval '92 days', now() - interval '91 days'");
  f.db.Sql(R"sql(
    DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET lock_timeout = 1', current_database());
    END $$)sql");
  const auto keeper = pg::Connection::Open(f.db.SuperUrl());
  REQUIRE_OK(keeper);
  REQUIRE_OK((*keeper)->Raw("BEGIN; LOCK TABLE rental.idempotency_keys"));

  CHECK_FALSE(Tidy(*f.db.PoolBesideStranger("rental", 1), f.clock.Now()).ok());

  CHECK(f.Count("seen_events") == 0);
  CHECK(f.Count("offline_spans") == 0);
}

}  // namespace
}  // namespace cartwise::rental::testing
