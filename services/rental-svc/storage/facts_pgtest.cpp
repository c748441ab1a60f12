#include <absl/strings/str_replace.h>

#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

// Everything this service knows, as one text.
std::string Everything(RentalFixture& f) {
  std::string all;
  for (const char* table :
       {"chains", "branches", "devices", "controllers", "offline_spans", "carts", "rentals",
        "staff_unlocks", "reconcile_decisions", "seen_events", "outbox", "idempotency_keys"}) {
    all +=
        f.Text(absl::StrCat("SELECT coalesce(string_agg(t::text, '|' ORDER BY t::text), '') AS v "
                            "FROM rental.",
                            table, " t")) +
        "\n";
  }
  return all;
}

SnapshotTold SnapshotOf(const Place& place, uint32_t closed, absl::Time at) {
  return SnapshotTold{
      EventId::New(), place.chain, place.device, at, {{place.board, true, closed, 0}}};
}

TEST_CASE("every fact told twice changes nothing the second time", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(3);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.clock.Advance(absl::Minutes(5));
  const absl::Time now = f.clock.Now();
  LockChange opened = f.Change(place, 1, false, now - absl::Minutes(4));
  opened.command = rental->Command();
  const std::vector<Fact> facts = {
      ChainTold{place.chain, true, now},
      BranchTold{place.chain, place.branch, true, false, absl::Hours(3), "Asia/Jerusalem", now},
      opened,
      PresenceTold{place.chain, place.device, place.branch, false, now - absl::Minutes(3)},
      PresenceTold{place.chain, place.device, place.branch, true, now - absl::Minutes(2)},
      f.Change(place, 1, true, now - absl::Minutes(1)),
      f.Change(place, 2, false, now),
      f.Change(place, 2, true, now),
      f.Change(place, 3, true, now),
      SnapshotOf(place, 0b011, now),
      CommandTold{place.chain, rental->Command(), {CommandState::kSucceeded, ""}},
      ControllerTold{place.chain, place.board, place.branch, place.device, false, true, true, true,
                     now},
  };
  for (const Fact& fact : facts) REQUIRE_OK(f.facts.Take(fact));
  REQUIRE(f.StatusOf(rental->id) == "RETURNED");
  const std::string once = Everything(f);

  for (const Fact& fact : facts) REQUIRE_OK(f.facts.Take(fact));

  CHECK(Everything(f) == once);
}

TEST_CASE("what is told at once comes to the same as what is told one by one", "[facts]") {
  RentalFixture f;
  const Place at_once = f.AddPlace(4), one_by_one = f.AddPlace(4);
  const auto story = [&](const Place& place) {
    for (const int phone : {1, 2}) REQUIRE_OK(f.Assign(place, Phone(phone)));
    const absl::Time now = f.clock.Now();
    return std::vector<Fact>{
        f.Change(place, 1, true, now + absl::Minutes(5)),   // a return,
        f.Change(place, 1, false, now + absl::Minutes(6)),  // taken out again by force,
        f.Change(place, 1, true, now + absl::Minutes(7)),   // and put back
        f.Change(place, 2, true, now + absl::Seconds(5)),   // never taken
        f.Change(place, 3, false, now + absl::Minutes(5)),  // forced
        f.Change(place, 9, true, now),                      // no cart there
        f.Change(place, 4, true, now),                      // closed anyway
        f.Change(place, 3, true, now + absl::Minutes(6)),
    };
  };
  const std::vector<Fact> told = story(at_once), told_again = story(one_by_one);
  f.clock.Advance(absl::Minutes(10));

  REQUIRE_OK(f.facts.Take(told));
  for (const Fact& fact : told_again) REQUIRE_OK(f.facts.Take(fact));

  const auto became = [&](const Place& place) {
    const std::string of = " AS v FROM rental.";
    const std::string where = " WHERE chain_id = '" + place.chain.value() + "'";
    return f
        .Text(
            "SELECT string_agg(status || ended_by || end_reason || actual_return - start_time,"
            " ';' ORDER BY cart_number)" +
            of + "rentals" + where)
        .append(f.Text("SELECT string_agg(status || is_locked || maintenance_notes, ';' ORDER BY "
                       "cart_number)" +
                       of + "carts" + where))
        .append(f.Text("SELECT string_agg(type, ';' ORDER BY type)" + of + "outbox" + where));
  };
  const std::string device = one_by_one.device.value();
  CHECK(became(at_once) ==
        absl::StrReplaceAll(became(one_by_one), {{device, at_once.device.value()}}));
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open'") == 4);
}

TEST_CASE("news that is older than what is known is left out", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  REQUIRE_OK(f.facts.Take(PresenceTold{place.chain, place.device, place.branch, false,
                                       f.clock.Now() - absl::Hours(3)}));
  REQUIRE_OK(f.Assign(place, Phone(1)));
}

TEST_CASE("a cart that comes back ends its rental at the Pi's time, hours later", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  const absl::Time back = f.clock.Now() + absl::Minutes(30);
  f.clock.Advance(absl::Hours(6));

  REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, back)));

  const auto ended = f.rack.Find(f.Operator(place), *rental);
  REQUIRE_OK(ended);
  CHECK(ended->status == RentalStatus::kReturned);
  CHECK(ended->actual_return == back);
  CHECK(ended->DurationMinutes() == 30);
  CHECK(ended->ended_by == "device:" + place.device.value());
  CHECK(f.CartOf(place, 1) == "AVAILABLE closed");
}

TEST_CASE("the cart that came back first goes out first", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  for (const int i : {1, 2}) REQUIRE_OK(f.Assign(place, Phone(i)));
  for (const int cart : {2, 1}) {
    f.clock.Advance(absl::Minutes(10));
    REQUIRE_OK(f.facts.Take(f.Change(place, cart, true, f.clock.Now())));
  }

  for (const int cart : {2, 1}) {
    const auto next = f.Assign(place, Phone(2 + cart));
    REQUIRE_OK(next);
    CHECK(next->cart_number == cart);
  }
}

TEST_CASE("time in which the device was away does not make a return late", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  const absl::Time start = rental->start_time;
  f.clock.Advance(absl::Hours(3));
  for (const auto& [online, at] :
       {std::pair{false, start + absl::Minutes(30)}, std::pair{true, start + absl::Minutes(90)}}) {
    REQUIRE_OK(f.facts.Take(PresenceTold{place.chain, place.device, place.branch, online, at}));
  }
  const bool in_time = GENERATE(true, false);
  const absl::Duration extra = in_time ? absl::Minutes(179) : absl::Minutes(181);
  f.clock.Advance(absl::Minutes(10));
  SECTION("told by the hook") {
    REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, start + extra)));
  }
  SECTION("found by a snapshot") {
    REQUIRE_OK(f.facts.Take(SnapshotOf(place, 0b1, start + extra)));
  }
  CHECK(f.StatusOf(rental->id) == (in_time ? "RETURNED" : "RETURNED_LATE"));
}

TEST_CASE("a board that never answered is not there, however often its device comes back",
          "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  ControllerTold told{place.chain, place.board, place.branch, place.device, false,
                      true,        false,       false,        f.clock.Now()};
  REQUIRE_OK(f.facts.Take(told));
  CHECK_REFUSED(f.Assign(place, Phone(1)), "DEVICE_OFFLINE");
  for (const bool online : {false, true}) {
    f.clock.Advance(absl::Seconds(10));
    REQUIRE_OK(
        f.facts.Take(PresenceTold{place.chain, place.device, place.branch, online, f.clock.Now()}));
  }
  CHECK_REFUSED(f.Assign(place, Phone(1)), "DEVICE_OFFLINE");

  told.reached = true;
  told.at = f.clock.Now();
  REQUIRE_OK(f.facts.Take(told));
  REQUIRE_OK(f.Assign(place, Phone(1)));
}

TEST_CASE("carts of a board that no longer answers are given to nobody until it does", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto tell = [&](bool reached) {
    f.clock.Advance(absl::Seconds(1));
    REQUIRE_OK(f.facts.Take(ControllerTold{place.chain, place.board, place.branch, place.device,
                                           false, true, reached, false, f.clock.Now()}));
  };
  tell(false);
  CHECK_REFUSED(f.Assign(place, Phone(1)), "DEVICE_OFFLINE");
  tell(true);
  REQUIRE_OK(f.Assign(place, Phone(1)));
}

TEST_CASE("a device speaks of its own boards only", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.clock.Advance(absl::Minutes(5));
  LockChange forged = f.Change(place, 1, true, f.clock.Now());
  forged.device = DeviceId::New();
  REQUIRE_OK(f.facts.Take(forged));
  CHECK(f.StatusOf(rental->id) == "ACTIVE");
}

TEST_CASE("a hook forced open is an alarm and the cart is not given out", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  REQUIRE_OK(f.facts.Take(f.Change(place, 1, false, f.clock.Now())));
  CHECK(f.CartOf(place, 1) == "MAINTENANCE open");
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open' AND payload ? 'lock'"
                " AND payload ? 'controller_id' AND payload ? 'cart_id'") == 1);
  CHECK_REFUSED(f.Assign(place, Phone(1)), "NO_FREE_CART");
}

TEST_CASE("an unconfirmed rental is settled by its command's late word", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.Assign(place, Phone(1)), "UNLOCK_UNCONFIRMED");
  const auto [state, expected, cart] = GENERATE(table<CommandState, const char*, const char*>({
      {CommandState::kSucceeded, "ACTIVE", "IN_USE open"},
      {CommandState::kFailed, "NOT_OPENED", "MAINTENANCE closed"},
      {CommandState::kDropped, "CANCELLED", "AVAILABLE closed"},
      {CommandState::kRejected, "CANCELLED", "AVAILABLE closed"},
      {CommandState::kUnknown, "UNCONFIRMED", "IN_USE closed"},
  }));
  const RentalId id(f.devices.orders()[0].command.value());
  REQUIRE_OK(f.facts.Take(CommandTold{place.chain, CommandId(id.value()), {state, ""}}));
  CHECK(f.StatusOf(id) == expected);
  CHECK(f.CartOf(place, 1) == cart);
}

TEST_CASE("a snapshot settles what differs, and keeps why", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(4);
  const auto out = f.Assign(place, Phone(1));  // cart 1: out, found back
  REQUIRE_OK(out);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  FakeOnce once("k2");
  CHECK_REFUSED(f.Assign(place, Phone(2), &once), "UNLOCK_UNCONFIRMED");  // 2: never opened
  CHECK_REFUSED(f.Assign(place, Phone(3)), "UNLOCK_UNCONFIRMED");         // 3: opened
  f.clock.Advance(absl::Minutes(30));                                     // 4: found open

  REQUIRE_OK(f.facts.Take(SnapshotOf(place, 0b0011, f.clock.Now())));

  CHECK(f.StatusOf(out->id) == "RETURNED");
  CHECK(f.CartOf(place, 1) == "AVAILABLE closed");
  CHECK(f.CartOf(place, 2) == "AVAILABLE closed");
  CHECK(f.CartOf(place, 3) == "IN_USE open");
  CHECK(f.CartOf(place, 4) == "MAINTENANCE open");
  CHECK(f.Text("SELECT string_agg(locker_id || ' ' || rule || ' ' || decision, ', ' "
               "ORDER BY locker_id) AS v FROM rental.reconcile_decisions") ==
        "1 CAME_BACK_UNSEEN CLOSE, 2 STAYED_CLOSED CLOSE, 3 PROVEN_OPEN REOPEN, "
        "4 OPENED_WHILE_AWAY ASK");
  CHECK(f.Count("outbox WHERE type = 'rental.reconciled'") == 4);
  CHECK(f.Count("idempotency_keys") == 0);  // cart 2's request may be made again
}

TEST_CASE("a snapshot that comes again is not judged by what came after it", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.clock.Advance(absl::Minutes(1));
  const auto snapshot = SnapshotOf(place, 0b0, f.clock.Now());
  const LockChange closed = f.Change(place, 1, true, f.clock.Now());
  for (int time = 0; time < 2; ++time) {
    REQUIRE_OK(f.facts.Take(snapshot));
    REQUIRE_OK(f.facts.Take(closed));
  }

  CHECK(f.StatusOf(rental->id) == "RETURNED");
  CHECK(f.CartOf(place, 1) == "AVAILABLE closed");
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open'") == 0);
}

TEST_CASE("a snapshot from before a rental decides nothing about it", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  REQUIRE_OK(f.facts.Take(SnapshotOf(place, 0b1, f.clock.Now() - absl::Seconds(5))));
  CHECK(f.StatusOf(rental->id) == "ACTIVE");
}

TEST_CASE("a closed hook proves nothing while the command may be on its way", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.Assign(place, Phone(1)), "UNLOCK_UNCONFIRMED");
  const RentalId id(f.devices.orders()[0].command.value());
  const absl::Time start = f.clock.Now();
  f.clock.Advance(absl::Minutes(1));

  REQUIRE_OK(f.facts.Take(SnapshotOf(place, 0b1, start + absl::Seconds(4))));
  CHECK(f.StatusOf(id) == "UNCONFIRMED");
  REQUIRE_OK(f.facts.Take(SnapshotOf(place, 0b1, start + absl::Seconds(6))));
  CHECK(f.StatusOf(id) == "CANCELLED");
}

TEST_CASE("carts of a board that is removed are out of service", "[facts]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  REQUIRE_OK(f.Assign(place, Phone(1)));
  REQUIRE_OK(f.facts.Take(ControllerTold{place.chain, place.board, place.branch, place.device,
                                         false, true, true, true, f.clock.Now()}));
  CHECK(f.CartOf(place, 1) == "IN_USE open");
  CHECK(f.CartOf(place, 2) == "MAINTENANCE closed");
  CHECK(f.Count("outbox WHERE type = 'cart.maintenance'") == 1);
}

}  // namespace
}  // namespace cartwise::rental::testing
