#include <absl/time/clock.h>
#include <catch2/catch.hpp>

#include "cartwise/base/text.hpp"
#include "harness/base_backup.hpp"
#include "harness/shopper.hpp"

namespace cartwise::fleet {
namespace {

void RentAndReturn(Rack& rack, Rest& shopper) {
  Answer rental;
  // A restored fleet takes for there what was there at the backup, until it looks.
  const bool taken = Eventually(
      [&] { return (rental = shopper.Post(rack.Path("/carts/assign"), Json::object())).ok(); });
  INFO(rental.text);
  REQUIRE(taken);
  rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
  REQUIRE(rack.WaitRental(rental.body["id"], "RETURNED")["status"] == "RETURNED");
}

size_t RentalsOf(Rest& shopper) {
  const Answer rentals = shopper.Get("/api/me/rentals");
  REQUIRE(rentals.ok());
  return rentals.body["rentals"].size();
}

TEST_CASE("a fleet goes on from a base backup restored elsewhere, and who was erased stays erased",
          "[e2e][personal-data]") {
  Fleet fleet;
  Chain chain(fleet);
  Rack rack(fleet, chain, {.carts = 2});
  Rest erased = Shopper(fleet, rack, NewPhone()).SignIn();
  Rest other = Shopper(fleet, rack, NewPhone()).SignIn();
  RentAndReturn(rack, erased);
  RentAndReturn(rack, other);

  const std::string since = ToRfc3339(absl::Now());
  BaseBackup backup(fleet.database.SuperUrl());
  REQUIRE(erased.Delete("/api/me/personal-data").body["state"] == "DONE");
  REQUIRE(RentalsOf(erased) == 0);
  fleet.MoveTo(backup.Start(fleet.folder() + "/certs"));
  // The backup has never heard of the erasure.
  REQUIRE(RentalsOf(erased) == 1);

  CHECK(fleet.Command("tenant-svc",
                      {"re-erase", "--since", since, "--log", fleet.LogOf("tenant-svc")},
                      fleet.LogOf("re-erase")) == 0);

  CHECK(Eventually([&] { return RentalsOf(erased) == 0; }));
  CHECK(RentalsOf(other) == 1);
  CHECK(fleet.Command("tenant-svc", {"verify-audit"}, fleet.LogOf("verify-audit")) == 0);
  // Whom the fleet refused while it moved waits for seconds before asking again.
  rack.agent().Kill();
  rack.StartAgent();
  RentAndReturn(rack, other);
  CHECK(backup.MigrateAnew());
}

}  // namespace
}  // namespace cartwise::fleet
