#include "domain/personal_data.hpp"

#include "domain/rentals.hpp"
#include "storage/pg_person_store.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

constexpr char kSubject[] = "0190a000-0000-8000-8000-0000000000bb";

struct PeopleFixture : RentalFixture {
  PgPersonStore person_store{*pool};
  PersonalData people{person_store, vault};
  PgRentalDatabase database{*pool, "rental"};

  Caller Shopper(const Place& place, const std::string& phone, Once* once = nullptr) {
    Caller caller;
    caller.principal = Principal::kShopper;
    caller.subject = kSubject;
    caller.chain = place.chain;
    caller.phone = phone;
    caller.once = once;
    return caller;
  }

  // One rental from taking to pushing back, with notes.
  Rental RentAndReturn(const Place& place, const std::string& phone, Once* once = nullptr) {
    const auto rental = assignment.Assign(Shopper(place, phone, once),
                                          NewRental{place.branch, "", "for Dana Cohen"});
    REQUIRE_OK(rental);
    clock.Advance(absl::Minutes(9));
    REQUIRE_OK(facts.Take(Change(place, rental->locker_id, true, clock.Now())));
    return *rental;
  }

  absl::StatusOr<Erased> Erase(const Place& place, const std::string& phone) {
    return people.Erase({place.chain, phone, "", false}, absl::InfiniteFuture());
  }

  RentalFigures Figures(const Place& place) {
    RentalFigures figures;
    REQUIRE_OK(database.Read(Operator(place), [&](Store& store) -> absl::Status {
      figures = *store.CountRentals(*store.FindBranch(place.branch), clock.Now() - absl::Hours(24),
                                    clock.Now());
      return absl::OkStatus();
    }));
    return figures;
  }

  // Whether `text` stands anywhere in the schema, bytes included.
  bool Holds(const std::string& text) {
    std::string hex;
    for (const unsigned char c : text) absl::StrAppend(&hex, absl::Hex(c, absl::kZeroPad2));
    for (const pg::Row row :
         db.Sql("SELECT relname AS v FROM pg_class WHERE relnamespace = 'rental'::regnamespace "
                "AND relkind = 'r'")) {
      if (Count(row.Text("v") + " t WHERE t::text LIKE '%" + text + "%' OR t::text LIKE '%" + hex +
                "%'") > 0) {
        return true;
      }
    }
    return false;
  }
};

TEST_CASE("an erased person leaves rentals that are counted and tell of nobody", "[people]") {
  PeopleFixture f;
  const Place place = f.AddPlace(3);
  FakeOnce once("key-of-a-person");
  const Rental rental = f.RentAndReturn(place, Phone(1), &once);
  f.RentAndReturn(place, Phone(1));
  f.RentAndReturn(place, Phone(2));
  const RentalFigures before = f.Figures(place);
  REQUIRE(f.Holds(f.vault.Hashes(Phone(1)).front()));
  REQUIRE(f.Holds(kSubject));

  const auto erased = f.Erase(place, Phone(1));

  REQUIRE_OK(erased);
  CHECK(erased->rows == 3);
  for (const std::string& text :
       {f.vault.Hashes(Phone(1)).front(), std::string("key-of-a-person")}) {
    CHECK_FALSE(f.Holds(text));
  }
  CHECK(f.Text("SELECT string_agg(DISTINCT requested_by, ' ' ORDER BY requested_by) AS v FROM "
               "rental.rentals WHERE phone_hash = ''") == "shopper");
  CHECK(f.Count("rentals WHERE phone_hash = '' AND phone_sealed = '' AND phone_masked = '' "
                "AND notes = ''") == 2);
  CHECK(f.Count("rentals WHERE phone_hash <> '' AND notes = 'for Dana Cohen'") == 1);
  const RentalFigures after = f.Figures(place);
  CHECK(after.total == before.total);
  CHECK(after.returned == before.returned);
  CHECK(after.average_minutes == before.average_minutes);
  CHECK(f.StatusOf(rental.id) == "RETURNED");

  const auto again = f.Erase(place, Phone(1));
  REQUIRE_OK(again);
  CHECK(again->rows == 0);
}

TEST_CASE("nobody is erased while they have a cart", "[people]") {
  PeopleFixture f;
  const Place place = f.AddPlace(2);
  f.RentAndReturn(place, Phone(1));
  REQUIRE_OK(f.Assign(place, Phone(1)));

  CHECK_REFUSED(f.Erase(place, Phone(1)), "SHOPPER_HAS_RENTAL");
  CHECK_REFUSED(f.people.Erase({place.chain, Phone(1), "", true}, absl::InfiniteFuture()),
                "SHOPPER_HAS_RENTAL");

  CHECK(f.Count("rentals WHERE phone_hash = ''") == 0);
}

TEST_CASE("checking erases nothing; the handle erases the same person again", "[people]") {
  PeopleFixture f;
  const Place place = f.AddPlace(1);
  f.RentAndReturn(place, Phone(1));

  const auto checked = f.people.Erase({place.chain, Phone(1), "", true}, absl::InfiniteFuture());
  REQUIRE_OK(checked);
  CHECK(checked->rows == 0);
  CHECK(f.Count("rentals WHERE phone_hash = ''") == 0);

  const auto erased =
      f.people.Erase({place.chain, "", checked->handle, false}, absl::InfiniteFuture());
  REQUIRE_OK(erased);
  CHECK(f.Count("rentals WHERE phone_hash = ''") == 1);
  CHECK_REFUSED(f.people.Erase({place.chain, "", "", false}, absl::InfiniteFuture()),
                "INVALID_FIELD");
}

TEST_CASE("a person is told of and erased in one chain only", "[people]") {
  PeopleFixture f;
  const Place place = f.AddPlace(1), other = f.AddPlace(1);
  const Rental ours = f.RentAndReturn(place, Phone(1));
  f.RentAndReturn(other, Phone(1));

  const auto told = f.people.Export(place.chain, Phone(1), absl::InfiniteFuture());
  REQUIRE_OK(told);
  REQUIRE(told->size() == 1);
  CHECK(told->front().id == ours.id);
  CHECK(told->front().notes == "for Dana Cohen");

  REQUIRE_OK(f.Erase(place, Phone(1)));
  CHECK(f.people.Export(place.chain, Phone(1), absl::InfiniteFuture())->empty());
  CHECK(f.people.Export(other.chain, Phone(1), absl::InfiniteFuture())->size() == 1);
}

TEST_CASE("events and commands tell of rentals, not of people", "[people]") {
  PeopleFixture f;
  const Place place = f.AddPlace(1);
  f.RentAndReturn(place, Phone(1));

  CHECK(f.Count("outbox WHERE type LIKE 'rental.%'") == 3);
  CHECK(f.Count("outbox WHERE payload ?| ARRAY['user_phone', 'notes'] OR payload::text LIKE "
                "'%Dana%'") == 0);
  CHECK(f.devices.orders().front().requested_by == "shopper");
}

}  // namespace
}  // namespace cartwise::rental::testing
