#include "cartwise/base/text.hpp"
#include "storage/pg_person_store.hpp"
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

// Rentals of the phone on every cart, a minute apart, that came back long ago.
void AddEnded(RentalFixture& f, const PhoneHashes& phone, int rentals) {
  f.db.Sql(absl::StrCat(R"sql(
    INSERT INTO rental.rentals (chain_id, id, branch_id, cart_id, cart_number, controller_id,
                                locker_id, device_id, phone_hash, phone_sealed, phone_masked,
                                status, start_time, expected_return, actual_return, end_reason,
                                requested_by)
    SELECT c.chain_id, gen_random_uuid(), c.branch_id, c.id, 1, c.controller_id, 1, c.branch_id, ')sql",
                        phone.front(), R"sql(', '', '', 'RETURNED', t, t, t, 'HOOK_CLOSED', 'user-1'
      FROM rental.carts c, generate_series(1, )sql",
                        rentals,
                        R"sql() n, LATERAL (SELECT now() - n * interval '1 minute') at (t))sql"));
}

// Entries that the service's sessions read of the indexes of a table; ends the sessions.
int64_t EntriesRead(RentalFixture& f, const std::string& table) {
  f.EndSessions();
  return f.db
      .Sql(
          "SELECT sum(idx_tup_read)::bigint AS v FROM pg_stat_user_indexes "
          "WHERE schemaname = 'rental' AND relname = '" +
          table + "'")
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

  CHECK(EntriesRead(f, "rentals") < 300);
}

TEST_CASE("a page of history reads a page, and shows what is open beside what has ended",
          "[reads]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const PhoneHashes phone = f.vault.Hashes(Phone(1));
  AddEnded(f, phone, 3000);
  const auto open = f.Assign(place, Phone(1));
  REQUIRE_OK(open);
  std::vector<Rental> of_branch, of_phone, next;
  RentalFigures figures;
  auto pool = f.db.PoolOf("rental");
  PgRentalDatabase database(*pool, "rental");
  REQUIRE_OK(database.Read(f.Operator(place), [&](Store& store) -> absl::Status {
    const Branch branch = store.FindBranch(place.branch).value();
    const HistoryFilter filter{.branch = place.branch};
    of_branch = store.ListHistory(branch, filter, PageRequest{10, {}}).value();
    const PageRequest further{
        10, {ToRfc3339(of_branch.back().start_time), of_branch.back().id.value()}};
    next = store.ListHistory(branch, filter, further).value();
    of_phone = store.ListOfPhone(phone, PageRequest{10, {}}).value();
    const absl::Time now = f.clock.Now();
    figures = store.CountRentals(branch, now - absl::Hours(100), now + absl::Hours(1)).value();
    return absl::OkStatus();
  }));

  REQUIRE(of_branch.size() == 11);
  REQUIRE(of_phone.size() == 11);
  REQUIRE(next.size() == 11);
  CHECK(of_branch.front().id == open->id);
  CHECK(of_phone.front().id == open->id);
  CHECK(of_branch.at(1).id == of_phone.at(1).id);
  CHECK(next.front().start_time < of_branch.back().start_time);
  CHECK(figures.active == 1);
  CHECK(figures.total == 3001);
  pool.reset();
  // The figures read all that they count.
  CHECK(EntriesRead(f, "rentals") < 3000 + 300);
}

TEST_CASE("erasing a person reads the Idempotency-Keys of their chain once", "[reads]") {
  constexpr int kRentals = 200, kKeys = 50'000;
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const PhoneHashes phone = f.vault.Hashes(Phone(1));
  AddEnded(f, phone, kRentals);
  f.db.Sql(absl::StrCat(R"sql(
    INSERT INTO rental.idempotency_keys (chain_id, principal, method, key, request_hash, answer,
                                         effect_id)
    SELECT ')sql",
                        place.chain.value(), R"sql(', 'user-1', 'm', n::text, 'h',
           CASE WHEN n % 50 = 0 THEN convert_to('rental ' || gen_random_uuid(), 'UTF8') END,
           gen_random_uuid() FROM generate_series(1, )sql",
                        kKeys, ") n"));
  f.db.Sql(R"sql(
    INSERT INTO rental.idempotency_keys (chain_id, principal, method, key, request_hash, answer,
                                         effect_id)
    SELECT r.chain_id, 'user-1', 'theirs', k.n, 'h',
           CASE k.n WHEN 'answer' THEN convert_to('rental ' || r.id, 'UTF8') END,
           CASE k.n WHEN 'effect' THEN r.id END
      FROM (SELECT chain_id, id FROM rental.rentals LIMIT 1) r, (VALUES ('answer'), ('effect')) k (n))sql");

  const auto erased =
      PgPersonStore(*f.db.PoolOf("rental")).Erase(place.chain, phone, absl::InfiniteFuture());

  REQUIRE_OK(erased);
  CHECK(*erased == kRentals + 2);
  CHECK(EntriesRead(f, "idempotency_keys") < 2 * kKeys);
  CHECK(f.Count("idempotency_keys") == kKeys);
}

}  // namespace
}  // namespace cartwise::rental::testing
