#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include <absl/strings/str_cat.h>

#include "cartwise/pg/connection.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/plans.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/assign.hpp"
#include "domain/facts.hpp"
#include "domain/recovery.hpp"
#include "domain/staff_unlock.hpp"
#include "storage/aes_phone_vault.hpp"
#include "storage/pg_facts.hpp"
#include "storage/pg_rack.hpp"
#include "storage/pg_store.hpp"
#include "storage/pg_unfinished.hpp"

namespace cartwise::rental::testing {

using cartwise::testing::Database;
using cartwise::testing::FakeClock;

/// Locks that do what a test says; every order is remembered. Thread-safe.
class FakeDevices final : public Devices {
 public:
  /// What an order comes to; opens by default.
  std::function<CommandOutcome(const UnlockOrder&)> unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kSucceeded, ""};
  };
  /// What became of a command; never accepted by default.
  std::function<absl::StatusOr<CommandOutcome>()> look_up = [] {
    return CommandOutcome{CommandState::kDropped, "NEVER_ACCEPTED"};
  };
  /// What orders for lock 1 come to; all others open.
  void EndAtFirstLock(CommandState state, const char* reason) {
    unlock = [outcome = CommandOutcome{state, reason}](const UnlockOrder& order) {
      return order.lock == 1 ? outcome : CommandOutcome{CommandState::kSucceeded, ""};
    };
  }
  absl::StatusOr<LockReading> reading = absl::UnavailableError("not connected");
  std::atomic<int> reads = 0;

  CommandOutcome Unlock(const UnlockOrder& order, absl::Time,
                        absl::FunctionRef<void()> proving) override {
    {
      std::lock_guard lock(mutex_);
      orders_.push_back(order);
    }
    proving();
    return unlock(order);
  }
  absl::StatusOr<CommandOutcome> LookUp(const ChainId&, const CommandId&, absl::Time) override {
    return look_up();
  }
  absl::StatusOr<LockReading> Read(const UnlockOrder&, absl::Time) override {
    ++reads;
    return reading;
  }

  std::vector<UnlockOrder> orders() {
    std::lock_guard lock(mutex_);
    return orders_;
  }

 private:
  std::mutex mutex_;
  std::vector<UnlockOrder> orders_;
};

class FakeOnce final : public Once {
 public:
  explicit FakeOnce(std::string key, std::string hash = "h1")
      : key_(std::move(key)), hash_(std::move(hash)) {}
  const std::string& Key() const override { return key_; }
  const std::string& Method() const override { return method_; }
  const std::string& RequestHash() const override { return hash_; }
  std::string Answer() const override { return ""; }
  void Replay(const std::string&) override {}

 private:
  const std::string key_, hash_;
  const std::string method_ = "cartwise.rental.v1.RentalService.AssignCart";
};

/// A chain with one branch, one online device and one board.
struct Place {
  ChainId chain = ChainId::New();
  BranchId branch = BranchId::New();
  DeviceId device = DeviceId::New();
  ControllerId board = ControllerId::New();
};

/// The whole service but its RPCs, on a real database.
struct RentalFixture {
  Database db;
  std::unique_ptr<pg::Pool> pool = db.PoolBesideStranger("rental", 16);
  FakeClock clock;
  FakeDevices devices;
  AesPhoneVault vault = *AesPhoneVault::FromKeys(std::string(64, 'a'));
  PgRack rack{*pool};
  PgUnfinished unfinished{*pool};
  PgFacts fact_store{*pool};
  Assignment assignment{rack, devices, vault, clock};
  Recovery recovery{unfinished, rack, devices, clock};
  Facts facts{fact_store, recovery, clock, absl::Seconds(10)};
  int64_t sequence = 0;

  ~RentalFixture() {
    // What is open anywhere is looked for; phones are sealed anew with all that one has; a rental
    // and a phone are looked for in the chains of all branches that one sees.
    if (pool) {
      cartwise::testing::CheckPlans(
          *pool, "rental",
          {"unfinished_rentals", "unfinished_staff_unlocks", "unfinished_overdue",
           "sealed_phones_replace", "sealed_phones_count", "look_up_keys_open_rentals",
           "look_up_keys_forget", "look_up_keys_pkey", "look_up_keys_one_guards",
           "rental_find_by_id", "rental_list_of_phone", "test_reopen"});
    }
  }

  // Statements say now() too: the two clocks begin together.
  RentalFixture() { clock.SetWallClock(absl::FromUnixSeconds(absl::ToUnixSeconds(absl::Now()))); }

  Place AddPlace(int carts, bool has_ir = false) {
    const Place place;
    const absl::Time then = clock.Now() - absl::Hours(1);
    REQUIRE_OK(facts.Take(ChainTold{place.chain, true, then}));
    REQUIRE_OK(facts.Take(BranchTold{place.chain, place.branch, true, false, absl::Hours(2),
                                     "Asia/Jerusalem", then}));
    REQUIRE_OK(facts.Take(PresenceTold{place.chain, place.device, place.branch, true, then}));
    REQUIRE_OK(facts.Take(ControllerTold{place.chain, place.board, place.branch, place.device,
                                         has_ir, true, true, false, then}));
    for (int i = 1; i <= carts; ++i) {
      db.Sql(
          absl::StrCat("INSERT INTO rental.carts (chain_id, id, branch_id, controller_id, "
                       "cart_number, locker_id, rests_since) VALUES ('",
                       place.chain.value(), "', '", NewUuid(), "', '", place.branch.value(), "', '",
                       place.board.value(), "', ", i, ", ", i, ", now() - interval '1 day' + ", i,
                       " * interval '1 second')"));
    }
    return place;
  }

  Caller Operator(const Place& place, Once* once = nullptr) const {
    Caller caller;
    caller.principal = Principal::kStaff;
    caller.subject = "0190a000-0000-7000-8000-0000000000aa";
    caller.chain = place.chain;
    caller.grants = {Grant{Role::kOperator, {}}};
    caller.once = once;
    return caller;
  }

  absl::StatusOr<Rental> Assign(const Place& place, const std::string& phone,
                                Once* once = nullptr) {
    return assignment.Assign(Operator(place, once), NewRental{place.branch, phone, ""});
  }

  LockChange Change(const Place& place, int lock, bool closed, absl::Time at) {
    LockChange change;
    change.event = EventId::New();
    change.chain = place.chain;
    change.device = place.device;
    change.controller = place.board;
    change.lock = lock;
    change.closed = closed;
    change.occurred_at = at;
    change.sequence = ++sequence;
    return change;
  }

  /// What staff ask for who want the cart of this number open.
  StaffUnlock Opening(const Place& place, int number) {
    StaffUnlock want;
    want.branch = place.branch;
    want.cart =
        CartId(Text(absl::StrCat("SELECT id AS v FROM rental.carts WHERE cart_number = ", number)));
    want.command = CommandId::New();
    want.reason = "wheel is stuck";
    return want;
  }

  /// A session that holds the rows of "rental.carts WHERE ..." until it rolls back.
  std::unique_ptr<pg::Connection> Holding(const std::string& rows) {
    auto keeper = pg::Connection::Open(db.SuperUrl());
    REQUIRE_OK(keeper);
    REQUIRE_OK((*keeper)->Raw("BEGIN; SELECT FROM " + rows + " FOR UPDATE"));
    return *std::move(keeper);
  }
  /// Of the service, since only then all that they did is counted.
  void EndSessions() {
    pool.reset();
    while (Text("SELECT count(*)::text AS v FROM pg_stat_activity WHERE datname = "
                "current_database() AND usename = 'cartwise_rental_app'") != "0") {
    }
  }

  std::string Text(const std::string& select) { return db.Sql(select).front().Text("v"); }
  std::string StatusOf(const RentalId& id) {
    return Text("SELECT status AS v FROM rental.rentals WHERE id = '" + id.value() + "'");
  }
  std::string CartOf(const Place& place, int number) {
    return Text(
        absl::StrCat("SELECT status || CASE WHEN is_locked THEN ' closed' ELSE ' open' END "
                     "AS v FROM rental.carts WHERE chain_id = '",
                     place.chain.value(), "' AND cart_number = ", number));
  }
  int Count(const std::string& from) {
    return int(db.Sql("SELECT count(*) AS v FROM rental." + from).front().Int("v"));
  }
};

/// "+972500000001"
inline std::string Phone(int number) {
  const std::string digits = std::to_string(number);
  return "+97250" + std::string(7 - digits.size(), '0') + digits;
}

}  // namespace cartwise::rental::testing
