#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

// A process that ends while it waits for the lock: the rental was written and
// nothing after it.
RentalId CrashAfterTaking(RentalFixture& f, const Place& place, Once* once = nullptr) {
  const RentalId id = RentalId::New();
  const auto taken =
      f.rack.Take(f.Operator(place, once), Taking{.branch = place.branch,
                                                  .rental = id,
                                                  .phone = f.vault.Seal(Phone(1), id),
                                                  .notes = "",
                                                  .requested_by = f.Operator(place).Label(),
                                                  .now = f.clock.Now(),
                                                  .attempt = 1});
  REQUIRE_OK(taken);
  REQUIRE(taken->kind == TakeResult::Kind::kTaken);
  return id;
}

// One whose command the agent itself calls UNKNOWN, or tells nothing of.
RentalId InDoubt(RentalFixture& f) {
  const RentalId id = CrashAfterTaking(f, f.AddPlace(1));
  f.devices.look_up = [] { return CommandOutcome{CommandState::kUnknown, ""}; };
  f.clock.Advance(absl::Seconds(9));
  REQUIRE_OK(f.recovery.RunOnce());
  REQUIRE(f.StatusOf(id) == "UNCONFIRMED");
  return id;
}

TEST_CASE("what a crash left opening is settled by what became of its command", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const RentalId id = CrashAfterTaking(f, place);
  const auto [state, expected, cart] = GENERATE(table<CommandState, const char*, const char*>({
      {CommandState::kSucceeded, "ACTIVE", "IN_USE open"},
      {CommandState::kFailed, "NOT_OPENED", "MAINTENANCE closed"},
      {CommandState::kDropped, "CANCELLED", "AVAILABLE closed"},
      {CommandState::kRejected, "CANCELLED", "AVAILABLE closed"},
      {CommandState::kUnknown, "UNCONFIRMED", "IN_USE closed"},
      {CommandState::kSent, "UNCONFIRMED", "IN_USE closed"},
  }));
  f.devices.look_up = [state = state] { return CommandOutcome{state, ""}; };

  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(id) == "OPENING");  // somebody may still be waiting for it

  f.clock.Advance(absl::Seconds(9));
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(id) == expected);
  CHECK(f.CartOf(place, 1) == cart);
  CHECK(f.devices.orders().empty());
}

TEST_CASE("nothing stays opening while nobody can be asked", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const RentalId id = CrashAfterTaking(f, place);
  f.devices.look_up = []() -> absl::StatusOr<CommandOutcome> {
    return absl::UnavailableError("down");
  };
  f.clock.Advance(absl::Seconds(9));
  CHECK_FALSE(f.recovery.RunOnce().ok());
  CHECK(f.StatusOf(id) == "UNCONFIRMED");
}

TEST_CASE("a rental in doubt is read from the hook when its command tells nothing", "[recovery]") {
  RentalFixture f;
  const RentalId id = InDoubt(f);

  const auto [reading, expected] = GENERATE(table<LockReading, const char*>({
      {LockReading::kOpen, "ACTIVE"},
      {LockReading::kClosed, "CANCELLED"},
      {LockReading::kClosedEmpty, "UNCONFIRMED"},
  }));
  f.devices.reading = reading;
  f.clock.Advance(absl::Seconds(30));
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(id) == expected);
}

TEST_CASE("a closed hook tells nothing before the command is asked about once more", "[recovery]") {
  RentalFixture f;
  const RentalId id = InDoubt(f);

  // The agent's word comes between the two.
  f.devices.look_up = [asked = 0]() mutable {
    return CommandOutcome{asked++ == 0 ? CommandState::kUnknown : CommandState::kSucceeded, ""};
  };
  f.devices.reading = LockReading::kClosed;
  f.clock.Advance(absl::Seconds(30));
  REQUIRE_OK(f.recovery.RunOnce());

  CHECK(f.StatusOf(id) == "ACTIVE");
}

TEST_CASE("while its order may still pulse, a closed hook says nothing", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  CHECK_REFUSED(f.Assign(place, Phone(1)), "UNLOCK_UNCONFIRMED");
  const RentalId id(f.devices.orders()[0].command.value());
  f.devices.look_up = [] { return CommandOutcome{CommandState::kSent, ""}; };
  f.devices.reading = LockReading::kClosed;

  f.clock.Advance(absl::Seconds(4));
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(id) == "UNCONFIRMED");

  f.clock.Advance(absl::Seconds(5));
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(id) == "CANCELLED");
}

TEST_CASE("a lock that tells nothing is read ever less often", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const RentalId id = CrashAfterTaking(f, place);
  f.devices.look_up = [] { return CommandOutcome{CommandState::kUnknown, ""}; };
  f.devices.reading = LockReading::kClosedEmpty;
  const auto reads_in = [&](absl::Duration time, absl::Duration step) {
    const int before = f.devices.reads;
    for (const absl::Time until = f.clock.Now() + time; f.clock.Now() < until;) {
      f.clock.Advance(step);
      REQUIRE_OK(f.recovery.RunOnce());
    }
    return f.devices.reads - before;
  };

  CHECK(reads_in(absl::Minutes(1), absl::Seconds(4)) > 8);
  CHECK(reads_in(absl::Hours(24), absl::Minutes(1)) < 150);
  CHECK(f.StatusOf(id) == "UNCONFIRMED");
}

TEST_CASE("what a crash left is looked at, however many wait in doubt", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(16), other = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  f.devices.look_up = [] { return CommandOutcome{CommandState::kUnknown, ""}; };
  for (int i = 1; i <= 16; ++i) {
    CHECK_REFUSED(f.Assign(place, Phone(i)), "UNLOCK_UNCONFIRMED");
  }
  // As many as rounds take at once, many times over.
  f.db.Sql(R"sql(
      CREATE TEMP TABLE more AS SELECT r.* FROM rental.rentals r, generate_series(1, 10);
      ALTER TABLE more DROP COLUMN open;
      UPDATE more SET id = gen_random_uuid(), phone_hash = gen_random_uuid()::text || repeat('0', 64),
                      cart_id = gen_random_uuid();
      INSERT INTO rental.carts (chain_id, id, branch_id, controller_id, cart_number, locker_id,
                                deleted_at)
      SELECT chain_id, cart_id, branch_id, controller_id, 1000, 1, now() FROM more;
      INSERT INTO rental.rentals (chain_id, id, branch_id, cart_id, cart_number, controller_id,
          locker_id, device_id, phone_hash, phone_sealed, phone_masked, status, start_time,
          expected_return, requested_by)
      SELECT chain_id, id, branch_id, cart_id, cart_number, controller_id, locker_id, device_id,
             phone_hash, phone_sealed, phone_masked, status, start_time, expected_return,
             requested_by FROM more)sql");
  REQUIRE(f.Count("rentals") == 176);
  f.clock.Advance(absl::Seconds(1));
  const RentalId id = CrashAfterTaking(f, other);

  for (int round = 0; round < 8; ++round) {
    f.clock.Advance(absl::Seconds(9));
    REQUIRE_OK(f.recovery.RunOnce());
  }
  CHECK(f.StatusOf(id) == "UNCONFIRMED");
}

TEST_CASE("a repeat after a crash is answered from the settled rental", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  FakeOnce once("k1");
  const RentalId id = CrashAfterTaking(f, place, &once);

  SECTION("it opened: that rental") {
    f.devices.look_up = [] { return CommandOutcome{CommandState::kSucceeded, ""}; };
    f.clock.Advance(absl::Seconds(9));
    REQUIRE_OK(f.recovery.RunOnce());
    FakeOnce again("k1");
    const auto replay = f.Assign(place, Phone(1), &again);
    REQUIRE_OK(replay);
    CHECK(replay->id == id);
    CHECK(f.devices.orders().empty());
  }
  SECTION("it was never sent: a new try") {
    f.clock.Advance(absl::Seconds(9));
    REQUIRE_OK(f.recovery.RunOnce());
    FakeOnce again("k1");
    const auto replay = f.Assign(place, Phone(1), &again);
    REQUIRE_OK(replay);
    CHECK(replay->id != id);
    CHECK(f.devices.orders().size() == 1);
  }
  SECTION("it is not settled yet: try again later") {
    FakeOnce again("k1");
    Caller hurried = f.Operator(place, &again);
    hurried.deadline = absl::Now();
    const auto replay = f.rack.AwaitEarlier(f.Operator(place, &again), place.branch, absl::Now());
    REQUIRE_OK(replay);
    REQUIRE(replay->has_value());
    CHECK_REFUSED(AnswerOf((*replay)->rental), "REQUEST_IN_PROGRESS");
  }
}

TEST_CASE("a late settling never makes a true return look untaken", "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const RentalId id = CrashAfterTaking(f, place);
  const absl::Time back = f.clock.Now() + absl::Minutes(20);
  f.devices.look_up = [] { return CommandOutcome{CommandState::kSucceeded, ""}; };
  f.clock.Advance(absl::Hours(1));
  REQUIRE_OK(f.recovery.RunOnce());
  REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, back)));
  CHECK(f.StatusOf(id) == "RETURNED");
}

TEST_CASE("a cart that is out too long is overdue once, but not for the branch's offline time",
          "[recovery]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.db.Sql(
      "UPDATE rental.rentals SET start_time = now() - interval '150 minutes', "
      "expected_return = now() - interval '30 minutes'");
  const bool away = GENERATE(true, false);
  if (away) {
    f.db.Sql(
        absl::StrCat("INSERT INTO rental.offline_spans (chain_id, device_id, started_at, "
                     "ended_at) VALUES ('",
                     place.chain.value(), "', '", place.device.value(),
                     "', now() - interval '100 minutes', now() - interval '60 minutes')"));
  }
  REQUIRE_OK(f.recovery.RunOnce());
  REQUIRE_OK(f.recovery.RunOnce());
  CHECK(f.StatusOf(rental->id) == (away ? "ACTIVE" : "OVERDUE"));
  CHECK(f.Count("outbox WHERE type = 'rental.overdue'") == (away ? 0 : 1));
}

}  // namespace
}  // namespace cartwise::rental::testing
