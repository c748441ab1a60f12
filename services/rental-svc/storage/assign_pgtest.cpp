#include <atomic>
#include <set>
#include <thread>

#include "cartwise/pg/connection.hpp"
#include "domain/rentals.hpp"
#include "storage/rental_fixture_pgtest.hpp"

namespace cartwise::rental::testing {
namespace {

TEST_CASE("an assigned cart is out, and one lock was told to open", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);

  const auto rental = f.Assign(place, "050-000-0001");

  REQUIRE_OK(rental);
  CHECK(rental->status == RentalStatus::kActive);
  CHECK(rental->cart_number == 1);  // rested longest
  CHECK(rental->expected_return == rental->start_time + absl::Hours(2));
  CHECK(f.StatusOf(rental->id) == "ACTIVE");
  CHECK(f.CartOf(place, 1) == "IN_USE open");
  REQUIRE(f.devices.orders().size() == 1);
  CHECK(f.devices.orders()[0].command.value() == rental->id.value());
  CHECK(f.devices.orders()[0].lock == 1);
  CHECK(f.Count("outbox WHERE type IN ('rental.opening', 'rental.active')") == 2);
}

TEST_CASE("what an opening writes of a cart is in none of its indexes", "[assign]") {
  RentalFixture f;

  // Nor in their conditions: who changes a column of those writes all indexes anew.
  CHECK(f.db.Sql("SELECT FROM pg_index i"
                 "  JOIN pg_depend d ON d.objid = i.indexrelid AND d.refobjid = i.indrelid"
                 "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid"
                 " WHERE i.indrelid = 'rental.carts'::regclass"
                 "   AND a.attname IN ('status', 'is_locked', 'last_used', 'updated_at')")
            .empty());
}

TEST_CASE("a cart whose lock cannot be reached does not stand in the way of others", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  f.devices.EndAtFirstLock(CommandState::kDropped, "NO_ANSWER");
  CHECK_REFUSED(f.Assign(place, Phone(1)), "DEVICE_OFFLINE");

  const auto rental = f.Assign(place, Phone(1));

  REQUIRE_OK(rental);
  CHECK(rental->cart_number == 2);
}

TEST_CASE("what is rehearsed is not done", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  std::string status, cart;
  f.devices.unlock = [&](const UnlockOrder& order) {
    // The lock's proof is near: it has been rehearsed.
    status = f.StatusOf(RentalId(order.command.value()));
    cart = f.CartOf(place, 1);
    return CommandOutcome{CommandState::kSucceeded, ""};
  };

  REQUIRE_OK(f.Assign(place, Phone(1)));

  CHECK(status == "OPENING");
  CHECK(cart == "IN_USE closed");
  CHECK(f.Count("outbox WHERE type = 'rental.active'") == 1);
}

TEST_CASE("the phone number is nowhere readable at rest", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1234567));
  REQUIRE_OK(rental);
  CHECK(f.Count("rentals r WHERE r::text LIKE '%501234567%'") == 0);
  CHECK(f.Count("outbox o WHERE o::text LIKE '%501234567%'") == 0);
  CHECK(*f.vault.Open(rental->phone_sealed, rental->id) == Phone(1234567));
  CHECK_FALSE(f.vault.Open(rental->phone_sealed, RentalId::New()).ok());
}

TEST_CASE("what stands in the way is said, and nothing is written", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);

  SECTION("an absent branch") {
    Place nowhere = place;
    nowhere.branch = BranchId::New();
    CHECK_REFUSED(f.Assign(nowhere, Phone(1)), "BRANCH_NOT_FOUND");
  }
  SECTION("a branch of another chain, just the same") {
    Place foreign = f.AddPlace(1);
    foreign.chain = place.chain;
    CHECK_REFUSED(f.Assign(foreign, Phone(1)), "BRANCH_NOT_FOUND");
  }
  SECTION("a branch that is closed") {
    REQUIRE_OK(f.facts.Take(BranchTold{place.chain, place.branch, false, false, absl::Hours(2),
                                       "Asia/Jerusalem", f.clock.Now()}));
    CHECK_REFUSED(f.Assign(place, Phone(1)), "BRANCH_INACTIVE");
  }
  SECTION("a chain that is closed") {
    REQUIRE_OK(f.facts.Take(ChainTold{place.chain, false, f.clock.Now()}));
    CHECK_REFUSED(f.Assign(place, Phone(1)), "BRANCH_INACTIVE");
  }
  SECTION("carts behind a device that is away") {
    REQUIRE_OK(
        f.facts.Take(PresenceTold{place.chain, place.device, place.branch, false, f.clock.Now()}));
    CHECK_REFUSED(f.Assign(place, Phone(1)), "DEVICE_OFFLINE");
  }
  SECTION("a cart that is not in its lock") {
    f.db.Sql("UPDATE rental.carts SET is_locked = false");
    CHECK_REFUSED(f.Assign(place, Phone(1)), "NO_FREE_CART");
  }
  SECTION("a number that is none") {
    CHECK_REFUSED(f.Assign(place, "12"), "INVALID_FIELD");
  }

  CHECK(f.Count("rentals") == 0);
  CHECK(f.devices.orders().empty());
}

TEST_CASE("a shopper holds one cart of a chain, and may hold one of another", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  const Place other = f.AddPlace(1);
  REQUIRE_OK(f.Assign(place, Phone(1)));
  CHECK_REFUSED(f.Assign(place, Phone(1)), "SHOPPER_HAS_RENTAL");
  REQUIRE_OK(f.Assign(other, Phone(1)));
}

TEST_CASE("a hundred shoppers and ten carts: ten winners, each with another cart", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(10);
  std::mutex mutex;
  std::multiset<int> carts;
  std::map<std::string, int> refusals;
  std::vector<std::thread> shoppers;
  for (int i = 0; i < 100; ++i) {
    shoppers.emplace_back([&, i] {
      const auto rental = f.Assign(place, Phone(i));
      std::lock_guard lock(mutex);
      if (rental.ok()) {
        carts.insert(rental->cart_number);
      } else {
        ++refusals[errors::Reason(rental.status())];
      }
    });
  }
  for (std::thread& shopper : shoppers) shopper.join();

  CHECK(carts == std::multiset<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  CHECK(refusals == std::map<std::string, int>{{"NO_FREE_CART", 90}});
  CHECK(f.devices.orders().size() == 10);
}

TEST_CASE("one shopper asking many times at once gets one cart", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(10);
  std::atomic<int> won = 0, has_rental = 0;
  std::vector<std::thread> fingers;
  for (int i = 0; i < 12; ++i) {
    fingers.emplace_back([&] {
      const auto rental = f.Assign(place, Phone(1));
      if (rental.ok()) ++won;
      if (errors::Reason(rental.status()) == "SHOPPER_HAS_RENTAL") ++has_rental;
    });
  }
  for (std::thread& finger : fingers) finger.join();
  CHECK(won == 1);
  CHECK(has_rental == 11);
  CHECK(f.Count("carts WHERE status = 'IN_USE'") == 1);
}

TEST_CASE("a jammed lock is set aside and the same request goes on", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(4);
  FakeOnce once("k1");
  f.devices.unlock = [](const UnlockOrder& order) {
    return order.lock <= 1 ? CommandOutcome{CommandState::kFailed, "STILL_CLOSED"}
                           : CommandOutcome{CommandState::kSucceeded, ""};
  };

  const auto rental = f.Assign(place, Phone(1), &once);

  REQUIRE_OK(rental);
  CHECK(rental->cart_number == 2);
  CHECK(f.CartOf(place, 1) == "MAINTENANCE closed");
  CHECK(f.Count("rentals WHERE status = 'NOT_OPENED' AND end_reason = 'LOCK_JAMMED'") == 1);
  CHECK(f.Count("outbox WHERE type = 'cart.lock_jammed'") == 1);
  CHECK(f.devices.orders()[0].command != f.devices.orders()[1].command);

  FakeOnce again("k1");
  const auto replay = f.Assign(place, Phone(1), &again);
  REQUIRE_OK(replay);
  CHECK(replay->id == rental->id);
  CHECK(f.devices.orders().size() == 2);
}

TEST_CASE("after three jammed locks the request gives up", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(5);
  f.devices.unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kFailed, "STILL_CLOSED"};
  };
  FakeOnce once("k1");
  CHECK_REFUSED(f.Assign(place, Phone(1), &once), "LOCK_JAMMED");
  CHECK(f.devices.orders().size() == 3);
  CHECK(f.Count("carts WHERE status = 'MAINTENANCE'") == 3);
  CHECK(f.Count("rentals WHERE status = 'OPENING'") == 0);

  FakeOnce again("k1");
  CHECK_REFUSED(f.Assign(place, Phone(1), &again), "LOCK_JAMMED");
  CHECK(f.devices.orders().size() == 3);
}

TEST_CASE("a hook that was open before the pulse means the cart is not there", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  f.devices.EndAtFirstLock(CommandState::kFailed, "ALREADY_OPEN");
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  CHECK(rental->cart_number == 2);
  CHECK(f.CartOf(place, 1) == "MAINTENANCE open");
  CHECK(f.Count("outbox WHERE type = 'cart.forced_open'") == 1);
}

TEST_CASE("a command that came to nothing leaves the cart free and the key unused", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) {
    return CommandOutcome{CommandState::kDropped, "DEVICE_OFFLINE"};
  };
  FakeOnce once("k1");
  CHECK_REFUSED(f.Assign(place, Phone(1), &once), "DEVICE_OFFLINE");
  CHECK(f.CartOf(place, 1) == "AVAILABLE closed");
  CHECK(f.Count("rentals WHERE status = 'CANCELLED' AND end_reason = 'DEVICE_OFFLINE'") == 1);

  f.devices.unlock = FakeDevices().unlock;
  FakeOnce again("k1");
  REQUIRE_OK(f.Assign(place, Phone(1), &again));
}

TEST_CASE("without word the rental is unconfirmed and the answer names it", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  FakeOnce once("k1");
  const auto rental = f.Assign(place, Phone(1), &once);
  CHECK_REFUSED(rental, "UNLOCK_UNCONFIRMED");
  const std::string id = f.Text("SELECT id AS v FROM rental.rentals WHERE status = 'UNCONFIRMED'");
  CHECK(errors::Details(rental.status()) ==
        std::vector<std::pair<std::string, std::string>>{{"rental_id", id}});

  SECTION("the lost reply is made good by the lock's own word") {
    LockChange opened = f.Change(place, 1, false, f.clock.Now());
    opened.command = CommandId(id);
    REQUIRE_OK(f.facts.Take(opened));
    FakeOnce again("k1");
    const auto replay = f.Assign(place, Phone(1), &again);
    REQUIRE_OK(replay);
    CHECK(replay->id.value() == id);
    CHECK(replay->status == RentalStatus::kActive);
  }
  SECTION("and asking again changes nothing") {
    FakeOnce again("k1");
    CHECK_REFUSED(f.Assign(place, Phone(1), &again), "UNLOCK_UNCONFIRMED");
  }
  CHECK(f.devices.orders().size() == 1);
}

TEST_CASE("a repeated request gets the same rental, also after the cart came back", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(2);
  FakeOnce once("k1");
  const auto first = f.Assign(place, Phone(1), &once);
  REQUIRE_OK(first);
  f.clock.Advance(absl::Minutes(5));
  REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, f.clock.Now())));
  REQUIRE(f.StatusOf(first->id) == "RETURNED");

  FakeOnce again("k1");
  const auto replay = f.Assign(place, Phone(1), &again);

  REQUIRE_OK(replay);
  CHECK(replay->id == first->id);
  CHECK(replay->status == RentalStatus::kActive);
  CHECK_FALSE(replay->actual_return.has_value());
  CHECK(replay->updated_at == first->updated_at);
  CHECK(f.devices.orders().size() == 1);
  FakeOnce other_body("k1", "h2");
  CHECK_REFUSED(f.Assign(place, Phone(2), &other_body), "IDEMPOTENCY_KEY_REUSED");
}

TEST_CASE("a repeated request whose rental staff have ended hears that", "[assign]") {
  RentalFixture f;
  PgRentalDatabase database(*f.pool, "rental");
  const Place place = f.AddPlace(1);
  f.devices.unlock = [](const UnlockOrder&) { return CommandOutcome{}; };
  FakeOnce once("k");
  const auto assigned = f.Assign(place, Phone(1), &once);
  CHECK_REFUSED(assigned, "UNLOCK_UNCONFIRMED");
  const RentalId rental(errors::Details(assigned.status()).front().second);
  const Caller staff = f.Operator(place);
  REQUIRE_OK(database.Write(staff, [&](Store& store) {
    return ForceComplete(store, staff, rental, "nobody knows", f.clock.Now()).status();
  }));

  const auto again = f.Assign(place, Phone(1), &once);

  CHECK_REFUSED(again, "RENTAL_NOT_OPEN");
  CHECK(f.devices.orders().size() == 1);
}

TEST_CASE("twins under one key open one lock and get one answer", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(5);
  std::mutex mutex;
  std::set<std::string> ids;
  std::vector<std::thread> twins;
  for (int i = 0; i < 8; ++i) {
    twins.emplace_back([&] {
      FakeOnce once("k1");
      const auto rental = f.Assign(place, Phone(1), &once);
      std::lock_guard lock(mutex);
      ids.insert(rental.ok() ? rental->id.value() : rental.status().ToString());
    });
  }
  for (std::thread& twin : twins) twin.join();
  CHECK(ids.size() == 1);
  CHECK(f.devices.orders().size() == 1);
}

TEST_CASE("a twin is not refused for what is this very request's own", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(GENERATE(1, 5));  // also for the last cart
  const auto keeper = pg::Connection::Open(f.db.SuperUrl());
  REQUIRE_OK(keeper);
  // Whichever comes first has its rental and waits with it for the key; the other one meets it.
  REQUIRE_OK((*keeper)->Raw(
      absl::StrCat("BEGIN; INSERT INTO rental.idempotency_keys (chain_id, principal, method, key, "
                   "request_hash) VALUES ('",
                   place.chain.value(), "', '", RequesterOf(f.Operator(place)), "', '",
                   FakeOnce("k1").Method(), "', 'k1', 'h1')")));
  const auto assign = [&] {
    FakeOnce once("k1");
    return f.Assign(place, Phone(1), &once);
  };
  absl::StatusOr<Rental> one, other;
  std::thread first([&] { one = assign(); }), second([&] { other = assign(); });
  f.db.AwaitLockWaits(2);
  REQUIRE_OK((*keeper)->Raw("ROLLBACK"));
  first.join();
  second.join();

  REQUIRE_OK(one);
  REQUIRE_OK(other);
  CHECK(one->id == other->id);
  CHECK(f.devices.orders().size() == 1);
}

TEST_CASE("the lock's own word may be quicker than the command's answer", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  f.devices.unlock = [&](const UnlockOrder& order) {
    LockChange opened = f.Change(place, order.lock, false, f.clock.Now());
    opened.command = order.command;
    REQUIRE_OK(f.facts.Take(opened));
    return CommandOutcome{CommandState::kSucceeded, ""};
  };
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  CHECK(rental->status == RentalStatus::kActive);
  CHECK(f.Count("outbox WHERE type = 'rental.active'") == 1);
}

TEST_CASE("a final state never changes, whoever tries", "[assign]") {
  RentalFixture f;
  const Place place = f.AddPlace(1);
  const auto rental = f.Assign(place, Phone(1));
  REQUIRE_OK(rental);
  f.clock.Advance(absl::Minutes(5));
  REQUIRE_OK(f.facts.Take(f.Change(place, 1, true, f.clock.Now())));
  const auto tried = f.pool->Once(
      pg::Tenant::Platform(), absl::InfiniteFuture(),
      pg::Query{"test_reopen", "UPDATE rental.rentals SET status = 'ACTIVE', end_reason = ''"});
  CHECK(absl::IsFailedPrecondition(tried.status()));
  CHECK(f.StatusOf(rental->id) == "RETURNED");
}

}  // namespace
}  // namespace cartwise::rental::testing
