#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

// A board and an open rental each, of other branches of the chain.
void OpenElsewhere(RentalFixture& f, const Place& place, int rentals) {
  f.db.Sql(absl::StrCat(R"sql(
    WITH place AS (
      SELECT n, gen_random_uuid() AS branch, gen_random_uuid() AS board, gen_random_uuid() AS cart
        FROM generate_series(1, )sql",
                        rentals, R"sql() n
    ), board AS (
      INSERT INTO rental.controllers (chain_id, branch_id, device_id, controller_id, changed_at)
      SELECT ')sql",
                        place.chain.value(), R"sql(', branch, branch, board, now() FROM place
    ), cart AS (
      INSERT INTO rental.carts (chain_id, branch_id, controller_id, id, cart_number, locker_id,
                                status, is_locked)
      SELECT ')sql",
                        place.chain.value(),
                        R"sql(', branch, board, cart, 1, 1, 'IN_USE', false FROM place
    )
    INSERT INTO rental.rentals (chain_id, id, branch_id, cart_id, cart_number, controller_id,
                                locker_id, device_id, phone_hash, phone_sealed, phone_masked,
                                status, start_time, expected_return, opened_at, requested_by)
    SELECT ')sql",
                        place.chain.value(),
                        R"sql(', gen_random_uuid(), branch, cart, 1, board, 1, branch, md5(n::text),
           '', '', 'ACTIVE', now(), now(), now(), 'user-1' FROM place)sql"));
}

// Entries that the service's sessions read of the indexes of rentals; ends the sessions,
// since only then all is counted.
int64_t EntriesRead(RentalFixture& f) {
  f.pool.reset();
  while (f.Text("SELECT count(*)::text AS v FROM pg_stat_activity WHERE datname = "
                "current_database() AND usename = 'cartwise_rental_app'") != "0") {
  }
  return f.db
      .Sql(
          "SELECT sum(idx_tup_read)::bigint AS v FROM pg_stat_user_indexes "
          "WHERE schemaname = 'rental' AND relname = 'rentals'")
      .front()
      .Int("v");
}

TEST_CASE("a rental reads its own rows, planned when there were none and run among thousands",
          "[reads]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto cycle = [&](int shopper) {
    const auto rental = f.Assign(place, Phone(shopper));
    REQUIRE_OK(rental);
    f.clock.Advance(absl::Minutes(5));
    REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, f.clock.Now())));
    REQUIRE(f.StatusOf(rental->id) == "RETURNED");
  };
  cycle(1);
  OpenElsewhere(f, place, 3000);

  cycle(2);

  CHECK(EntriesRead(f) < 300);
}

}  // namespace
}  // namespace cartwise::rental::testing
