#include "domain/reseal.hpp"

#include "domain/rentals.hpp"
#include "storage/pg_person_store.hpp"
#include "storage/pg_sealed_phones.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

const std::string kOld(64, 'a'), kNew(64, 'b');

// A vault of the fixture's key, and of those that come after it.
struct ResealFixture : RentalFixture {
  PgSealedPhones phones{*pool};
  AesPhoneVault both =
      *AesPhoneVault::FromKeys("2027:" + kNew + "\nfirst:" + kOld + "\nlookup:" + kOld);
  AesPhoneVault after = *AesPhoneVault::FromKeys("2027:" + kNew + "\nlookup:" + kOld);
  std::vector<ResealProgress> told;

  absl::StatusOr<ResealProgress> Reseal(const AesPhoneVault& with) {
    return ResealPhones(phones, with,
                        [&](const ResealProgress& progress) { told.push_back(progress); });
  }

  // Ended rentals of `count` phones, sealed with `with`, beside a real one.
  void AddRentals(const Place& place, int count, const PhoneVault& with) {
    for (int i = 0; i < count; ++i) {
      const RentalId id = RentalId::New();
      const SealedPhone phone = with.Seal(Phone(1000 + i), id);
      std::string hex;
      for (const unsigned char c : phone.sealed)
        absl::StrAppend(&hex, absl::Hex(c, absl::kZeroPad2));
      db.Sql(absl::StrCat(
          "INSERT INTO rental.rentals (chain_id, id, branch_id, cart_id, cart_number, "
          "controller_id, locker_id, device_id, phone_hash, phone_sealed, phone_masked, status, "
          "start_time, expected_return, end_reason, requested_by) SELECT chain_id, '",
          id.value(), "', branch_id, id, cart_number, controller_id, locker_id, controller_id, '",
          phone.hashes.front(), "', '\\x", hex, "', '", phone.masked,
          "', 'CANCELLED', now(), now(), 'DROPPED', 'u' FROM rental.carts WHERE chain_id = '",
          place.chain.value(), "' AND cart_number = 1"));
    }
  }
  int ReadableBy(const PhoneVault& vault) {
    int readable = 0;
    for (const pg::Row row : db.Sql("SELECT id, phone_sealed FROM rental.rentals")) {
      if (vault.Open(row.Bytes("phone_sealed"), row.As<RentalId>("id")).ok()) ++readable;
    }
    return readable;
  }
};

TEST_CASE("every phone is sealed anew in batches, and the old key may go", "[reseal]") {
  ResealFixture f;
  const Place place = f.AddPlace(1), other = f.AddPlace(1);
  f.AddRentals(place, 250, f.vault);
  f.AddRentals(other, 3, f.vault);
  REQUIRE(f.ReadableBy(f.after) == 0);

  const auto done = f.Reseal(f.both);

  REQUIRE_OK(done);
  REQUIRE_OK(done->unopened);
  CHECK(done->resealed == 253);
  CHECK(done->left == 0);
  REQUIRE(f.told.size() == 2);
  CHECK(f.told[0].resealed == 200);
  CHECK(f.told[0].left == 53);
  CHECK(f.ReadableBy(f.after) == 253);
  CHECK(f.Reseal(f.both)->resealed == 0);
}

TEST_CASE("the same person is found before and after a change of keys", "[reseal]") {
  ResealFixture f;
  const Place place = f.AddPlace(2);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  REQUIRE_OK(f.Reseal(f.both));

  Assignment later{f.rack, f.devices, f.after, f.clock};
  CHECK_REFUSED(later.Assign(f.Operator(place), NewRental{place.branch, Phone(1), ""}),
                "SHOPPER_HAS_RENTAL");
  Rental found;
  found.id = rental->id;
  found.chain = place.chain;
  found = *f.rack.Find(f.Operator(place), found);
  CHECK(ShownPhone(f.Operator(place), f.after, found) == Phone(1));
}

TEST_CASE("a phone whose key is gone is named and holds up nothing", "[reseal]") {
  ResealFixture f;
  const Place place = f.AddPlace(1);
  f.AddRentals(place, 2,
               *AesPhoneVault::FromKeys("lost:" + std::string(64, 'c') + "\nlookup:" + kOld));
  f.AddRentals(place, 2, f.vault);

  const auto done = f.Reseal(f.both);

  REQUIRE_OK(done);
  CHECK(done->resealed == 2);
  CHECK(done->left == 2);
  CHECK(std::string(done->unopened.message()).find("the key lost,") != std::string::npos);
}

TEST_CASE("who is erased while phones are sealed anew stays erased", "[reseal]") {
  ResealFixture f;
  const Place place = f.AddPlace(1);
  f.AddRentals(place, 2, f.vault);
  const NewestKeys keys{f.both.SealedPrefix(), f.both.NewestTag()};
  auto batch = f.phones.Next(keys,
                             {ChainId("00000000-0000-0000-0000-000000000000"),
                              RentalId("00000000-0000-0000-0000-000000000000"), "", "", "", ""},
                             10);
  REQUIRE_OK(batch);
  REQUIRE(batch->size() == 2);
  PgPersonStore people(*f.pool);
  REQUIRE_OK(people.Erase(place.chain, f.vault.Hashes(Phone(1000)), absl::InfiniteFuture()));

  for (SealedRental& rental : *batch) {
    rental.resealed = "fresh";
    rental.rehashed = rental.hash;
  }
  CHECK(*f.phones.Replace(*batch) == 1);

  CHECK(f.Count("rentals WHERE phone_sealed = ''") == 1);
  CHECK(*f.phones.CountOthers(keys) == 1);
}

}  // namespace
}  // namespace cartwise::rental::testing
