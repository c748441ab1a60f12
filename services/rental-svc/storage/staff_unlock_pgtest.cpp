#include "domain/staff_unlock.hpp"

#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

struct UnlockFixture : RentalFixture {
  PgRentalDatabase database{*pool, "rental"};
  StaffUnlocks unlocks{database, devices, clock};
  Place place = AddPlace(2);

  StaffUnlock Want(int number) { return Opening(place, number); }
};

TEST_CASE("an opening by staff is explained before it happens and raises no alarm", "[unlock]") {
  UnlockFixture f;
  const StaffUnlock want = f.Want(1);
  const auto cart = f.unlocks.Open(f.Operator(f.place), want);
  REQUIRE_OK(cart);
  CHECK_FALSE(cart->is_locked);
  CHECK(cart->status == CartStatus::kAvailable);
  LockChange opened = f.Change(f.place, 1, false, f.clock.Now());
  opened.command = want.command;
  REQUIRE_OK(f.facts.Take(opened));
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open'") == 0);
  CHECK(f.Count("outbox WHERE type = 'cart.unlock_requested' AND payload->>'reason' = "
                "'wheel is stuck'") == 1);

  const auto rental = f.Assign(f.place, Phone(1));  // an open hook is not given out
  REQUIRE_OK(rental);
  CHECK(rental->cart_number == 2);

  REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, true, f.clock.Now())));
  CHECK(f.Count("outbox WHERE type = 'cart.unexplained_close'") == 0);
  CHECK(f.CartOf(f.place, 1) == "AVAILABLE closed");
}

TEST_CASE("a closing ends every staff opening before it", "[unlock]") {
  UnlockFixture f;
  for (int i = 0; i < 2; ++i) {
    const StaffUnlock want = f.Want(1);
    REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), want));
    LockChange opened = f.Change(f.place, 1, false, f.clock.Now());
    opened.command = want.command;
    REQUIRE_OK(f.facts.Take(opened));
    f.clock.Advance(absl::Seconds(10));
  }
  REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, true, f.clock.Now())));

  f.clock.Advance(absl::Hours(1));
  REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, false, f.clock.Now())));
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open'") == 1);
  CHECK(f.CartOf(f.place, 1) == "MAINTENANCE open");
}

TEST_CASE("staff cannot open what is out, and one command is one opening", "[unlock]") {
  UnlockFixture f;
  REQUIRE_OK(f.Assign(f.place, Phone(1)));
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "CART_IN_USE");
  StaffUnlock want = f.Want(2);
  REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), want));
  want.reason = "another reason";
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "IDEMPOTENCY_KEY_REUSED");
  for (const char* reason : {"no", "two\nlines"}) {
    want.reason = reason;
    CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "INVALID_FIELD");
  }
}

TEST_CASE("a repeated staff opening gets its answer, whatever became of the cart since",
          "[unlock]") {
  UnlockFixture f;
  const StaffUnlock want = f.Want(1);
  REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), want));
  REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, true, f.clock.Now())));
  REQUIRE(f.Assign(f.place, Phone(1))->cart_number == 1);

  REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), want));
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "CART_IN_USE");
  CHECK(f.Count("staff_unlocks") == 1);
}

TEST_CASE("a staff opening that came to nothing is asked for anew, with what holds then",
          "[unlock]") {
  UnlockFixture f;
  const StaffUnlock want = f.Want(1);
  f.devices.unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kDropped, "DEVICE_OFFLINE"};
  };
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "DEVICE_OFFLINE");
  f.devices.unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kSucceeded, ""};
  };

  SECTION("the cart is out by now") {
    REQUIRE(f.Assign(f.place, Phone(1))->cart_number == 1);
    CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "CART_IN_USE");
    CHECK(f.devices.orders().size() == 2);  // the first try, and the shopper's
    CHECK(f.Count("staff_unlocks WHERE state = 'DROPPED'") == 1);
  }
  SECTION("it may be opened still") {
    REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), want));
    CHECK(f.Count("staff_unlocks WHERE state = 'SUCCEEDED'") == 1);
    CHECK(f.Count("outbox WHERE type = 'cart.unlock_requested'") == 2);
    CHECK(f.Count("outbox WHERE type = 'cart.unlocked'") == 1);
  }
}

TEST_CASE("a repeat of a staff opening that nobody knows of asks, and opens nothing late",
          "[unlock]") {
  UnlockFixture f;
  const StaffUnlock want = f.Want(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "UNLOCK_UNCONFIRMED");
  f.clock.Advance(absl::Minutes(2));
  f.devices.look_up = [] { return CommandOutcome{CommandState::kDropped, "NEVER_ACCEPTED"}; };

  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), want), "DEVICE_OFFLINE");

  CHECK(f.devices.orders().size() == 1);
  CHECK(f.Count("staff_unlocks WHERE state = 'DROPPED'") == 1);
}

TEST_CASE("a cart that staff are opening is given to nobody", "[unlock]") {
  UnlockFixture f;
  int orders = 0;
  f.devices.unlock = [&](const UnlockOrder&) {
    if (++orders == 3) return CommandOutcome{CommandState::kDropped, "DEVICE_BUSY"};
    if (orders == 1) {
      const auto rental = f.Assign(f.place, Phone(1));
      REQUIRE_OK(rental);
      CHECK(rental->cart_number == 2);
      // Another one who wanted the same has gone away again.
      CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "DEVICE_OFFLINE");
      CHECK_REFUSED(f.Assign(f.place, Phone(2)), "NO_FREE_CART");
    }
    return CommandOutcome{CommandState::kSucceeded, ""};
  };
  REQUIRE_OK(f.unlocks.Open(f.Operator(f.place), f.Want(1)));
  CHECK(f.Count("carts WHERE staff_until IS NOT NULL") == 0);
}

TEST_CASE("a cart whose opening by staff nobody knows the end of waits for its hook, or a minute",
          "[unlock]") {
  UnlockFixture f;
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "UNLOCK_UNCONFIRMED");
  f.devices.unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kSucceeded, ""};
  };
  f.clock.Advance(absl::Seconds(59));
  REQUIRE(f.Assign(f.place, Phone(1))->cart_number == 2);
  CHECK_REFUSED(f.Assign(f.place, Phone(2)), "NO_FREE_CART");
  SECTION("a minute") {
    f.clock.Advance(absl::Seconds(2));
  }
  SECTION("its hook") {
    REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, true, f.clock.Now())));
  }
  CHECK(f.Assign(f.place, Phone(2))->cart_number == 1);
}

TEST_CASE("a staff opening that nobody wrote down is settled", "[unlock]") {
  UnlockFixture f;
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "UNLOCK_UNCONFIRMED");
  f.devices.look_up = [] { return CommandOutcome{CommandState::kSucceeded, ""}; };
  f.clock.Advance(absl::Seconds(9));
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.Count("staff_unlocks WHERE state = 'SUCCEEDED'") == 1);
  CHECK(f.CartOf(f.place, 1) == "AVAILABLE open");
}

TEST_CASE("a staff opening that nobody can tell of is asked about ever less often", "[unlock]") {
  UnlockFixture f;
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.unlocks.Open(f.Operator(f.place), f.Want(1)), "UNLOCK_UNCONFIRMED");
  int asked = 0;
  f.devices.look_up = [&asked] {
    ++asked;
    return CommandOutcome{CommandState::kUnknown, ""};
  };
  const auto asked_again_after = [&](const std::string& pause) {
    f.db.Sql(
        "UPDATE rental.staff_unlocks SET requested_at = now() - interval '1 day', "
        "checked_at = now() - interval '" +
        pause + "'");
    const int before = asked;
    REQUIRE_OK(f.recovery.RunOnce());
    return asked > before;
  };

  CHECK_FALSE(asked_again_after("1 minute"));
  CHECK(asked_again_after("2 hours"));
}

}  // namespace
}  // namespace cartwise::rental::testing
