#include "storage/look_up_keys.hpp"

#include <atomic>
#include <thread>

#include "domain/personal_data.hpp"
#include "domain/rentals.hpp"
#include "storage/pg_person_store.hpp"
#include "storage/pg_sealed_phones.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

const std::string kOld(64, 'a'), kNew(64, 'b');

AesPhoneVault VaultOf(const std::string& look_up_lines) {
  return *AesPhoneVault::FromKeys("first:" + kOld + "\n" + look_up_lines);
}

// One replica of the service, with its own file of keys.
struct Replica {
  Replica(RentalFixture& fixture, const std::string& look_up_lines)
      : vault(VaultOf(look_up_lines)),
        assignment(fixture.rack, fixture.devices, vault, fixture.clock),
        person_store(*fixture.pool),
        people(person_store, vault) {}

  AesPhoneVault vault;
  Assignment assignment;
  PgPersonStore person_store;
  PersonalData people;
};

struct LookUpFixture : RentalFixture {
  Replica old{*this, "lookup:" + kOld};
  Replica knows{*this, "lookup:" + kOld + "\nlookup-2027:" + kNew};
  Replica changes{*this, "lookup-2027:" + kNew + "\nlookup:" + kOld};
  Replica fresh{*this, "lookup-2027:" + kNew};
  PgSealedPhones phones{*pool};
  PgRentalDatabase database{*pool, "rental"};

  absl::StatusOr<Rental> Rent(Replica& replica, const Place& place, int phone) {
    return replica.assignment.Assign(Operator(place), NewRental{place.branch, Phone(phone), ""});
  }
  Rental RentAndReturn(Replica& replica, const Place& place, int phone) {
    const auto rental = Rent(replica, place, phone);
    REQUIRE_OK(rental);
    clock.Advance(absl::Minutes(9));
    REQUIRE_OK(facts.Take(Change(place, rental->locker_id, true, clock.Now())));
    return *rental;
  }
  absl::StatusOr<ResealProgress> Reseal(Replica& replica) {
    return ResealPhones(phones, replica.vault, [](const ResealProgress&) {});
  }
  size_t Exported(Replica& replica, const Place& place, int phone) {
    const auto told = replica.people.Export(place.chain, Phone(phone), absl::InfiniteFuture());
    REQUIRE_OK(told);
    return told->size();
  }
  size_t History(Replica& replica, const Place& place, int phone) {
    size_t found = 0;
    REQUIRE_OK(database.Read(Operator(place), [&](Store& store) -> absl::Status {
      HistoryFilter filter;
      filter.branch = place.branch;
      filter.phone_hashes = replica.vault.Hashes(Phone(phone));
      const PageRequest page{50, {}};
      found = store.ListHistory(*store.FindBranch(place.branch), filter, page)->size();
      CHECK(store.ListOfPhone(filter.phone_hashes, page)->size() == found);
      return absl::OkStatus();
    }));
    return found;
  }
  int OpenOf(int phone) {
    int open = 0;
    for (const pg::Row row :
         db.Sql("SELECT id, phone_sealed FROM rental.rentals WHERE end_reason = ''")) {
      const auto opened = old.vault.Open(row.Bytes("phone_sealed"), row.As<RentalId>("id"));
      open += opened.ok() && *opened == Phone(phone) ? 1 : 0;
    }
    return open;
  }
};

TEST_CASE("before, while and after the look-up key changes a phone has one rental",
          "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(9);
  REQUIRE_OK(f.Rent(f.old, place, 1));
  for (Replica* replica : {&f.old, &f.knows, &f.changes}) {
    CHECK_REFUSED(f.Rent(*replica, place, 1), "SHOPPER_HAS_RENTAL");
  }
  REQUIRE_OK(f.Rent(f.changes, place, 2));
  CHECK_REFUSED(f.Rent(f.old, place, 2), "SHOPPER_HAS_RENTAL");

  const auto done = f.Reseal(f.changes);

  REQUIRE_OK(done);
  CHECK(done->left == 0);
  CHECK(done->needed.empty());
  for (const int phone : {1, 2}) {
    for (Replica* replica : {&f.knows, &f.changes, &f.fresh}) {
      CHECK_REFUSED(f.Rent(*replica, place, phone), "SHOPPER_HAS_RENTAL");
    }
  }
  REQUIRE_OK(f.Rent(f.knows, place, 3));
  CHECK_REFUSED(f.Rent(f.fresh, place, 3), "SHOPPER_HAS_RENTAL");
  CHECK(f.Count("rentals WHERE phone_hash LIKE '2027:%'") == 3);
}

TEST_CASE(
    "two replicas with another newest key give a phone one rental, also in the moment of the "
    "change",
    "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(16);
  constexpr int kPhones = 16;
  std::atomic<bool> over = false;
  std::thread changing([&] {
    while (!over) {
      for (Replica* replica : {&f.changes, &f.knows}) {
        (void)f.phones.Guard(replica->vault.NewestTag(), [&](std::vector<SealedRental>& open) {
          for (SealedRental& rental : open) {
            const auto phone = replica->vault.Open(rental.sealed, rental.id);
            SealedPhone sealed = replica->vault.Seal(*phone, rental.id);
            rental.resealed = sealed.sealed;
            rental.rehashed = sealed.hashes.front();
          }
          return absl::OkStatus();
        });
      }
    }
  });
  for (int phone = 1; phone <= kPhones; ++phone) {
    std::vector<std::thread> callers;
    for (Replica* replica : {&f.knows, &f.changes, &f.knows, &f.changes}) {
      callers.emplace_back([&f, &place, replica, phone] { (void)f.Rent(*replica, place, phone); });
    }
    for (std::thread& caller : callers) caller.join();
  }
  over = true;
  changing.join();

  for (int phone = 1; phone <= kPhones; ++phone) CHECK(f.OpenOf(phone) == 1);
}

TEST_CASE("an assignment that waited for the change of the look-up key writes under the new one",
          "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(2);
  // One connection, which has prepared its statements: the next waits when its
  // snapshot is taken already.
  const auto pool = f.db.PoolOf("rental", 1);
  PgRack rack(*pool);
  Assignment assignment(rack, f.devices, f.knows.vault, f.clock);
  const auto rent = [&](int phone) {
    return assignment.Assign(f.Operator(place), NewRental{place.branch, Phone(phone), ""});
  };
  REQUIRE_OK(rent(2));
  absl::StatusOr<Rental> rented;
  std::thread waiting;
  REQUIRE_OK(f.phones.Guard("2027:", [&](std::vector<SealedRental>& open) {
    open.front().resealed = open.front().sealed;
    open.front().rehashed = f.fresh.vault.Hashes(Phone(2)).front();
    waiting = std::thread([&] { rented = rent(1); });
    while (f.db.Sql("SELECT FROM pg_locks WHERE relation = 'rental.rentals'::regclass AND NOT "
                    "granted")
               .empty()) {
    }
    return absl::OkStatus();
  }));
  waiting.join();

  REQUIRE_OK(rented);
  CHECK(f.Count("rentals WHERE phone_hash LIKE '2027:%'") == 2);
  CHECK_REFUSED(f.Rent(f.fresh, place, 1), "SHOPPER_HAS_RENTAL");
}

TEST_CASE("a person is found, told of and erased before, while and after the look-up key changes",
          "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(3);
  f.RentAndReturn(f.old, place, 1);
  f.RentAndReturn(f.changes, place, 1);
  f.RentAndReturn(f.old, place, 2);
  REQUIRE_OK(f.phones.Guard("2027:", [](std::vector<SealedRental>&) { return absl::OkStatus(); }));
  f.RentAndReturn(f.changes, place, 1);
  for (Replica* replica : {&f.knows, &f.changes}) {
    CHECK(f.Exported(*replica, place, 1) == 3);
    CHECK(f.History(*replica, place, 1) == 3);
  }
  SECTION("while") {
    const auto erased =
        f.changes.people.Erase({place.chain, Phone(1), "", false}, absl::InfiniteFuture());
    REQUIRE_OK(erased);
    CHECK(f.Count("rentals WHERE phone_hash = ''") == 3);
    REQUIRE_OK(f.Reseal(f.changes));
    CHECK(f.Count("rentals WHERE phone_hash = ''") == 3);
  }
  SECTION("after") {
    REQUIRE_OK(f.Reseal(f.changes));
    CHECK(f.Exported(f.fresh, place, 1) == 3);
    CHECK(f.History(f.fresh, place, 1) == 3);
    CHECK(f.History(f.fresh, place, 2) == 1);
    REQUIRE_OK(f.fresh.people.Erase({place.chain, Phone(1), "", false}, absl::InfiniteFuture()));
    CHECK(f.Count("rentals WHERE phone_hash = ''") == 3);
  }
}

TEST_CASE("a change of the look-up key that is broken off anywhere goes on", "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(9);
  for (int phone = 1; phone <= 6; ++phone) f.RentAndReturn(f.old, place, phone);
  REQUIRE_OK(f.Rent(f.old, place, 7));

  CHECK_FALSE(f.phones
                  .Guard("2027:",
                         [](std::vector<SealedRental>& open) -> absl::Status {
                           REQUIRE(open.size() == 1);
                           return absl::UnavailableError("the machine went away");
                         })
                  .ok());
  CHECK(f.Count("look_up_keys") == 1);
  CHECK(f.Count("rentals WHERE phone_hash LIKE '2027:%'") == 0);

  // The first batch is written, of the second only the reading was done.
  REQUIRE_OK(f.phones.Guard("2027:", [&](std::vector<SealedRental>& open) -> absl::Status {
    open.front().resealed = open.front().sealed;
    open.front().rehashed = f.changes.vault.Hashes(Phone(7)).front();
    return absl::OkStatus();
  }));
  const NewestKeys keys{f.changes.vault.SealedPrefix(), "2027:"};
  const ChainId before_all("00000000-0000-0000-0000-000000000000");
  auto batch = f.phones.Next(keys, {before_all, RentalId(before_all.value()), "", "", "", ""}, 2);
  REQUIRE_OK(batch);
  for (SealedRental& rental : *batch) {
    rental.resealed = rental.sealed;
    rental.rehashed =
        f.changes.vault.Hashes(*f.changes.vault.Open(rental.sealed, rental.id)).front();
  }
  CHECK(*f.phones.Replace(*batch) == 2);
  REQUIRE_OK(f.phones.Next(keys, batch->back(), 2));
  CHECK(f.Count("rentals WHERE phone_hash LIKE '2027:%'") == 3);
  for (int phone = 1; phone <= 7; ++phone) CHECK(f.History(f.knows, place, phone) == 1);
  CHECK_REFUSED(f.Rent(f.knows, place, 7), "SHOPPER_HAS_RENTAL");

  const auto done = f.Reseal(f.changes);
  REQUIRE_OK(done);
  CHECK(done->resealed == 4);
  for (int phone = 1; phone <= 7; ++phone) CHECK(f.History(f.fresh, place, phone) == 1);
  CHECK(f.Count("look_up_keys") == 1);
}

TEST_CASE("a look-up key that is still needed is named, and nobody is passed over without it",
          "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(3);
  f.RentAndReturn(f.old, place, 1);
  REQUIRE_OK(CheckLookUpKeys(*f.pool, f.old.vault));
  REQUIRE_OK(CheckLookUpKeys(*f.pool, f.changes.vault));
  const ErasureOrder order{place.chain, Phone(1), "", false};

  const auto refuses = [&](Replica& replica, const std::string& key) {
    const absl::Status ready = CheckLookUpKeys(*f.pool, replica.vault);
    CHECK(absl::IsFailedPrecondition(ready));
    CHECK(std::string(ready.message()).find("the key " + key + ",") != std::string::npos);
    CHECK(absl::IsFailedPrecondition(replica.people.Erase(order, absl::InfiniteFuture()).status()));
    CHECK(absl::IsFailedPrecondition(
        replica.people.Export(place.chain, Phone(1), absl::InfiniteFuture()).status()));
  };
  refuses(f.fresh, "lookup");
  CHECK(absl::IsUnavailable(f.Rent(f.fresh, place, 2).status()));

  REQUIRE_OK(f.phones.Guard("2027:", [](std::vector<SealedRental>&) { return absl::OkStatus(); }));
  refuses(f.fresh, "lookup");
  refuses(f.old, "lookup-2027");
  CHECK(absl::IsUnavailable(f.Rent(f.old, place, 2).status()));
  CHECK(*f.phones.ForgetOtherKeys("2027:") == std::vector<std::string>{""});
  CHECK(f.Count("rentals WHERE phone_hash = ''") == 0);

  REQUIRE_OK(f.Reseal(f.changes));
  REQUIRE_OK(CheckLookUpKeys(*f.pool, f.fresh.vault));
  refuses(f.old, "lookup-2027");
}

TEST_CASE("who was erased while the key changed is erased again in a backup of either key",
          "[look-up-keys]") {
  LookUpFixture f;
  const Place place = f.AddPlace(1);
  f.RentAndReturn(f.old, place, 1);
  const auto erased =
      f.changes.people.Erase({place.chain, Phone(1), "", true}, absl::InfiniteFuture());
  REQUIRE_OK(erased);
  const ErasureOrder again{place.chain, "", erased->handle, false};
  SECTION("from before") {
    REQUIRE_OK(f.old.people.Erase(again, absl::InfiniteFuture()));
  }
  SECTION("from after") {
    REQUIRE_OK(f.Reseal(f.changes));
    REQUIRE_OK(f.fresh.people.Erase(again, absl::InfiniteFuture()));
  }
  CHECK(f.Count("rentals WHERE phone_hash = ''") == 1);
}

}  // namespace
}  // namespace cartwise::rental::testing
