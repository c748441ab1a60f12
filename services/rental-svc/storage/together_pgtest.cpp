// What comes at once: shoppers at one cart, steps that share a transaction, and those that do not.
#include <atomic>
#include <deque>
#include <thread>

#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

// The number of the cart that a shopper gets who has met somebody at cart 2, and waited.
int AssignedBesideRival(RentalFixture& f, const Place& place) {
  const auto rival = f.Holding("rental.carts WHERE cart_number = 2");
  absl::StatusOr<Rental> rental;
  std::thread shopper([&] { rental = f.Assign(place, Phone(1)); });
  f.db.AwaitLockWaits(1);
  REQUIRE_OK(rival->Raw("ROLLBACK"));
  shopper.join();
  REQUIRE_OK(rental);
  return rental->cart_number;
}

TEST_CASE("after a jammed lock the request waits for who meets it at the last cart", "[together]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  f.devices.EndAtFirstLock(CommandState::kFailed, "STILL_CLOSED");
  CHECK(AssignedBesideRival(f, place) == 2);
  CHECK(f.CartOf(place, 1) == "MAINTENANCE closed");
}

TEST_CASE("whoever is at a cart that is free is waited for, staff at another one are not",
          "[together]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  f.db.Sql(
      "UPDATE rental.carts SET staff_until = now() + interval '1 minute' WHERE cart_number = 1");
  CHECK(AssignedBesideRival(f, place) == 2);
}

// That the hooks of these locks close, as it is to be carried out.
struct Closings {
  Closings(RentalFixture& f, const Place& place, const std::vector<int>& locks) {
    for (const int lock : locks) {
      const LockChange* change = &changes.emplace_back(f.Change(place, lock, true, f.clock.Now()));
      const auto view = f.fact_store.Look({&change, 1});
      REQUIRE_OK(view);
      rulings.push_back({change, *view->front(),
                         JudgeClosing(*view->front(), *change, absl::Seconds(10), f.clock.Now()),
                         std::nullopt});
    }
  }

  std::deque<LockChange> changes;
  std::vector<Ruling> rulings;
};

int64_t Deadlocks(RentalFixture& f) {
  f.EndSessions();
  return f.db.Sql("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
      .front()
      .Int("deadlocks");
}

TEST_CASE("those who carry out many at once do not wait for each other crosswise", "[together]") {
  RentalFixture f;
  const Place place = f.AddPlace(3);
  for (const int phone : {1, 2, 3}) REQUIRE_OK(f.Assign(place, Phone(phone)));
  f.clock.Advance(absl::Minutes(5));
  const Closings all(f, place, {1, 2, 3}), others(f, place, {3, 1});
  const auto keeper = f.Holding("rental.rentals WHERE cart_number = 2");
  absl::StatusOr<std::vector<bool>> done, others_done;
  std::thread first([&] { done = f.fact_store.Apply(all.rulings); });
  f.db.AwaitLockWaits(1);
  std::thread second([&] { others_done = f.fact_store.Apply(others.rulings); });
  f.db.AwaitLockWaits(2);
  REQUIRE_OK(keeper->Raw("ROLLBACK"));
  first.join();
  second.join();

  CHECK(*done == std::vector<bool>{true, true, true});
  CHECK(*others_done == std::vector<bool>{false, false});
  CHECK(Deadlocks(f) == 0);
}

TEST_CASE(
    "openings that are proven while locks tell, and two replicas that are told the same, agree",
    "[together]") {
  constexpr int kCarts = 16;
  RentalFixture f;
  const Place place = f.AddPlace(kCarts);
  std::mutex mutex;
  std::atomic<int> failed = 0;
  f.devices.unlock = [&](const UnlockOrder& order) {
    LockChange opened;
    {
      std::lock_guard lock(mutex);
      opened = f.Change(place, order.lock, false, f.clock.Now());
    }
    opened.command = order.command;
    failed += f.facts.Take(opened).ok() ? 0 : 1;
    return CommandOutcome{CommandState::kSucceeded, ""};
  };
  std::vector<std::thread> threads;
  for (int i = 1; i <= kCarts; ++i) {
    threads.emplace_back([&, i] { failed += f.Assign(place, Phone(i)).ok() ? 0 : 1; });
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();
  REQUIRE(failed == 0);
  f.clock.Advance(absl::Minutes(5));
  std::vector<Fact> told;
  for (int i = 1; i <= kCarts; ++i) told.push_back(f.Change(place, i, true, f.clock.Now()));
  const std::vector<Fact> in_reverse(told.rbegin(), told.rend());

  Facts other_replica(f.fact_store, f.recovery, f.clock, absl::Seconds(10));
  threads.emplace_back([&] { failed += f.facts.Take(told).ok() ? 0 : 1; });
  threads.emplace_back([&] { failed += other_replica.Take(in_reverse).ok() ? 0 : 1; });
  for (std::thread& thread : threads) thread.join();

  CHECK(failed == 0);
  CHECK(f.Count("rentals WHERE status = 'RETURNED'") == kCarts);
  CHECK(f.Count("carts WHERE status = 'AVAILABLE' AND is_locked") == kCarts);
  for (const std::string type : {"rental.opening", "rental.active", "rental.returned"}) {
    CHECK(f.Count("outbox WHERE type = '" + type + "'") == kCarts);
  }
  CHECK(Deadlocks(f) == 0);
}

// Of locks whose carts stand there; everything is carried out, and nothing done.
class CountingStore final : public FactStore {
 public:
  std::vector<size_t> looked, applied;

  absl::Status Put(const ChainTold&) override { return absl::OkStatus(); }
  absl::Status Put(const BranchTold&) override { return absl::OkStatus(); }
  absl::Status Put(const ControllerTold&) override { return absl::OkStatus(); }
  absl::Status Put(const PresenceTold&) override { return absl::OkStatus(); }
  absl::StatusOr<std::vector<std::optional<LockView>>> Look(
      std::span<const LockChange* const> changes) override {
    looked.push_back(changes.size());
    return std::vector<std::optional<LockView>>(changes.size(), LockView());
  }
  absl::StatusOr<std::vector<std::pair<int, LockView>>> LookAtBoard(const LockChange&) override {
    return std::vector<std::pair<int, LockView>>();
  }
  absl::StatusOr<std::vector<bool>> Apply(std::span<const Ruling> rulings) override {
    applied.push_back(rulings.size());
    return std::vector<bool>(rulings.size(), true);
  }
  absl::Status MarkSeen(const ChainId&, const EventId&) override { return absl::OkStatus(); }
  absl::StatusOr<std::optional<Rental>> Hear(const CommandTold&) override { return std::nullopt; }
};

TEST_CASE("of many that are told at once so many share a transaction, and all are taken",
          "[together]") {
  RentalFixture f;
  CountingStore store;
  Facts facts(store, f.recovery, f.clock, absl::Seconds(10));
  Place place;
  std::vector<Fact> told;
  for (int i = 0; i < 500; ++i) {
    if (i % 16 == 0) place.board = ControllerId::New();
    told.push_back(f.Change(place, i % 16 + 1, false, f.clock.Now()));
  }

  REQUIRE_OK(facts.Take(told));

  const std::vector<size_t> turns = {64, 64, 64, 64, 64, 64, 64, 52};
  CHECK(store.looked == turns);
  CHECK(store.applied == turns);
}

}  // namespace
}  // namespace cartwise::rental::testing
