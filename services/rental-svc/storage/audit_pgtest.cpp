#include "domain/carts.hpp"
#include "domain/rentals.hpp"
#include "domain/staff_unlock.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

struct DeedFixture : RentalFixture {
  PgRentalDatabase database{*pool, "rental"};
  StaffUnlocks unlocks{database, devices, clock};
  Place place = AddPlace(3);
  Caller staff = OperatorAt("10.0.0.7");
  const std::string by_staff = " by user:0190a000-0000-7000-8000-0000000000aa";
  const std::string as_staff = by_staff + " as OPERATOR at 10.0.0.7";

  Caller OperatorAt(const std::string& peer) {
    Caller caller = Operator(place);
    caller.peer = peer;
    caller.trace_id = std::string(32, 'b');
    return caller;
  }

  Caller Shopper(int number) {
    Caller caller;
    caller.principal = Principal::kShopper;
    caller.subject = "0190a000-0000-8000-8000-0000000000bb";
    caller.chain = place.chain;
    caller.phone = Phone(number);
    caller.peer = "10.0.0.8";
    return caller;
  }

  // What the audit log will hold, in order: "rental.active by shopper:.. as
  // SHOPPER at 10.0.0.8: why".
  std::vector<std::string> Deeds() {
    std::vector<std::string> deeds;
    for (const auto row : db.Sql("SELECT type, audit->>'actor' AS actor, audit->>'role' AS role, "
                                 "audit->>'reason' AS reason, audit->>'address' AS address "
                                 "FROM rental.outbox WHERE audit IS NOT NULL ORDER BY seq")) {
      std::string deed = row.Text("type") + " by " + row.Text("actor");
      if (!row.Text("role").empty()) deed += " as " + row.Text("role");
      if (!row.Text("address").empty()) deed += " at " + row.Text("address");
      if (!row.Text("reason").empty()) deed += ": " + row.Text("reason");
      deeds.push_back(deed);
    }
    return deeds;
  }

  absl::StatusOr<Rental> Rent(const Caller& caller) {
    return assignment.Assign(caller, NewRental{place.branch, caller.phone, ""});
  }

  StaffUnlock Want(int number) { return Opening(place, number); }
};

using Lines = std::vector<std::string>;

TEST_CASE("an opening for a rental is in the log with who asked and from where", "[audit]") {
  DeedFixture f;
  const std::string shopper =
      " by shopper:0190a000-0000-8000-8000-0000000000bb as SHOPPER at 10.0.0.8";

  REQUIRE_OK(f.Rent(f.Shopper(1)));

  CHECK(f.Deeds() == Lines{"rental.opening" + shopper, "rental.active" + shopper});
  CHECK(f.Count("outbox WHERE audit::text LIKE '%" + Phone(1).substr(4) + "%'") == 0);
}

TEST_CASE("a lock that stayed closed is in the log, and the next one", "[audit]") {
  DeedFixture f;
  const std::string shopper =
      " by shopper:0190a000-0000-8000-8000-0000000000bb as SHOPPER at 10.0.0.8";
  f.devices.unlock = [](const UnlockOrder& order) {
    if (order.lock == 1) return CommandOutcome{CommandState::kFailed, "ALREADY_OPEN"};
    return CommandOutcome{CommandState::kDropped, "DEVICE_BUSY"};
  };

  CHECK_REFUSED(f.Rent(f.Shopper(1)), "DEVICE_OFFLINE");

  CHECK(f.Deeds() ==
        Lines{"rental.opening" + shopper, "rental.not_opened" + shopper + ": ALREADY_OPEN",
              "cart.forced_open by nobody: the hook was open before the unlock",
              "rental.opening" + shopper, "rental.cancelled" + shopper + ": DEVICE_OFFLINE"});
}

TEST_CASE("an opening that a job or the hook finds out stands under who had asked", "[audit]") {
  DeedFixture f;
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.Rent(f.Shopper(1)), "UNLOCK_UNCONFIRMED");
  const std::string shopper = " by shopper:0190a000-0000-8000-8000-0000000000bb";
  Lines expected = {"rental.opening" + shopper + " as SHOPPER at 10.0.0.8",
                    "rental.unconfirmed" + shopper + " as SHOPPER at 10.0.0.8",
                    "rental.active" + shopper};

  if (GENERATE(false, true)) {
    f.devices.look_up = [] { return CommandOutcome{CommandState::kSucceeded, ""}; };
    f.clock.Advance(absl::Seconds(30));
    REQUIRE_OK(f.recovery.RunOnce());
  } else {
    LockChange opened = f.Change(f.place, 1, false, f.clock.Now());
    opened.command = f.devices.orders().front().command;
    REQUIRE_OK(f.facts.Take(opened));
  }

  CHECK(f.Deeds() == expected);
}

TEST_CASE("an opening by staff is in the log with its reason and its outcome", "[audit]") {
  DeedFixture f;
  const auto [state, reason, told] = GENERATE(table<CommandState, const char*, const char*>({
      {CommandState::kSucceeded, "", "cart.unlocked"},
      {CommandState::kFailed, "LOCK_JAMMED", "cart.not_unlocked"},
      {CommandState::kDropped, "DEVICE_BUSY", "cart.not_unlocked"},
      {CommandState::kUnknown, "NO_WORD", "cart.unlock_unconfirmed"},
  }));
  f.devices.unlock = [state = state, reason = reason](const UnlockOrder&) {
    return CommandOutcome{state, reason};
  };
  const StaffUnlock want = f.Want(1);

  const bool opened = f.unlocks.Open(f.staff, want).ok();
  // A repeat is no second deed, but of one that came to nothing.
  if (state != CommandState::kDropped) (void)f.unlocks.Open(f.staff, want);

  CHECK(opened == (state == CommandState::kSucceeded));
  std::string outcome = told + f.by_staff;
  if (*reason != 0) outcome += ": " + std::string(reason);
  CHECK(f.Deeds() == Lines{"cart.unlock_requested" + f.as_staff + ": wheel is stuck", outcome});
  CHECK(f.Count("outbox WHERE audit IS NOT NULL AND subject = '" + want.cart.value() + "'") == 2);
}

TEST_CASE("a staff opening that is settled later is in the log then", "[audit]") {
  DeedFixture f;
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  const StaffUnlock want = f.Want(1);
  CHECK_FALSE(f.unlocks.Open(f.staff, want).ok());

  REQUIRE_OK(
      f.facts.Take(CommandTold{f.place.chain, want.command, {CommandState::kSucceeded, ""}}));

  CHECK(f.Deeds().back() == "cart.unlocked" + f.by_staff);
}

TEST_CASE("a lock that is forced open is in the log as nobody's doing", "[audit]") {
  DeedFixture f;
  REQUIRE_OK(f.facts.Take(f.Change(f.place, 2, false, f.clock.Now())));
  REQUIRE_OK(f.facts.Take(SnapshotTold{EventId::New(),
                                       f.place.chain,
                                       f.place.device,
                                       f.clock.Now(),
                                       {{f.place.board, true, 0b001, 0}}}));

  CHECK(f.Deeds() == Lines{"cart.forced_open by nobody: opened by force",
                           "cart.forced_open by nobody: opened while nobody was looking"});
}

TEST_CASE("what staff write is in the log, and returns by the hook are not", "[audit]") {
  DeedFixture f;
  const auto write = [&](auto work) {
    return f.database.Write(f.staff, [&](Store& store) -> absl::Status { return work(store); });
  };
  CartId cart;
  REQUIRE_OK(write([&](Store& store) -> absl::Status {
    const auto carts = CreateCarts(store, f.staff, {f.place.branch, f.place.board, 40, 4, 1});
    if (carts.ok()) cart = carts->front().id;
    return carts.status();
  }));
  REQUIRE_OK(write([&](Store& store) {
    CartChange change;
    change.branch = f.place.branch;
    change.id = cart;
    change.cart_number = 41;
    return UpdateCart(store, f.staff, change).status();
  }));
  REQUIRE_OK(write([&](Store& store) { return DeleteCart(store, f.staff, f.place.branch, cart); }));
  CHECK(f.Deeds() == Lines{"cart.created" + f.as_staff, "cart.updated" + f.as_staff,
                           "cart.deleted" + f.as_staff});

  f.db.Sql("DELETE FROM rental.outbox");
  const auto first = f.Assign(f.place, Phone(1));
  const auto second = f.Assign(f.place, Phone(2));
  const auto third = f.Assign(f.place, Phone(3));
  REQUIRE_OK(first);
  REQUIRE_OK(second);
  REQUIRE_OK(third);
  f.db.Sql("DELETE FROM rental.outbox");
  f.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(f.facts.Take(f.Change(f.place, 1, true, f.clock.Now())));
  REQUIRE_OK(write([&](Store& store) {
    ReturnByHand want;
    want.branch = f.place.branch;
    want.id = second->id;
    want.reason = "found outside";
    return ReturnCart(store, f.staff, f.vault, want, f.clock.Now()).status();
  }));
  REQUIRE_OK(write([&](Store& store) {
    return ForceComplete(store, f.staff, third->id, "stolen", f.clock.Now()).status();
  }));

  CHECK(f.Count("outbox WHERE type = 'rental.returned'") == 3);
  CHECK(f.Deeds() == Lines{"rental.returned" + f.as_staff + ": found outside",
                           "rental.returned" + f.as_staff + ": stolen"});
}

}  // namespace
}  // namespace cartwise::rental::testing
