#include "domain/reconcile.hpp"

#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

using S = RentalStatus;
using C = CartStatus;

// Every lock there can be: 3 carts x 5 rentals x 3 hooks x 3 items x 2 x 2 x 2.
std::vector<LockState> EveryLock() {
  std::vector<LockState> all;
  const std::optional<S> rentals[] = {std::nullopt, S::kOpening, S::kUnconfirmed, S::kActive,
                                      S::kOverdue};
  for (int cart = 0; cart < 3; ++cart) {
    for (const auto& rental : rentals) {
      for (int hook = 0; hook < 3; ++hook) {
        for (int item = 0; item < 3; ++item) {
          for (int bits = 0; bits < 8; ++bits) {
            all.push_back(LockState{C(cart), rental, (bits & 1) != 0, (bits & 2) != 0,
                                    (bits & 4) != 0, Hook(hook), Item(item)});
          }
        }
      }
    }
  }
  return all;
}

bool IsOut(const LockState& lock) {
  return lock.rental == S::kActive || lock.rental == S::kOverdue;
}

std::string RuleFor(const LockState& lock) {
  return Decide(lock).name;
}

TEST_CASE("every combination of cart, rental, hook and sensor has a rule", "[reconcile]") {
  const auto all = EveryLock();
  REQUIRE(all.size() == 3u * 5 * 3 * 3 * 8);
  std::set<std::string> used;
  for (const LockState& lock : all) used.insert(Decide(lock).name);
  // And no rule is dead.
  for (const Rule& rule : Rules()) {
    CAPTURE(rule.name);
    CHECK(used.contains(rule.name));
  }
}

TEST_CASE("no word of a lock changes nothing", "[reconcile]") {
  for (LockState lock : EveryLock()) {
    lock.hook = Hook::kUnreachable;
    CHECK(Decide(lock).effect == Effect::kNothing);
  }
}

TEST_CASE("a rental whose command runs, or that began after the snapshot, stays", "[reconcile]") {
  for (const LockState& lock : EveryLock()) {
    if (!lock.rental) continue;
    if (lock.rental == S::kOpening || lock.predates) {
      CHECK(Decide(lock).effect == Effect::kNothing);
    }
  }
}

TEST_CASE("a rental ends only under a closed hook that may hold its cart", "[reconcile]") {
  for (const LockState& lock : EveryLock()) {
    const Effect effect = Decide(lock).effect;
    if (effect != Effect::kReturn && effect != Effect::kCancel) continue;
    CHECK(lock.rental.has_value());
    CHECK(lock.hook == Hook::kClosed);
    CHECK(lock.item != Item::kAbsent);
    CHECK((effect == Effect::kReturn) == IsOut(lock));
  }
}

TEST_CASE("a rental in doubt goes on exactly when its hook reads open", "[reconcile]") {
  for (const LockState& lock : EveryLock()) {
    const bool proven =
        lock.rental == S::kUnconfirmed && !lock.predates && lock.hook == Hook::kOpen;
    CHECK((Decide(lock).effect == Effect::kActivate) == proven);
  }
}

TEST_CASE("without a rental an open hook is known, explained or an alarm", "[reconcile]") {
  for (const LockState& lock : EveryLock()) {
    if (lock.rental || lock.hook != Hook::kOpen) continue;
    const std::string rule = RuleFor(lock);
    if (lock.staff_opened) {
      CHECK(rule == "OPENED_BY_STAFF");
    } else if (lock.cloud_locked) {
      CHECK(rule == "OPENED_WHILE_AWAY");
    } else {
      CHECK(rule == (lock.cart == C::kInUse ? "IN_USE_WITHOUT_RENTAL" : "KNOWN_OPEN"));
    }
  }
}

TEST_CASE("a cart is given free only where it may stand and nobody rents it", "[reconcile]") {
  for (const LockState& lock : EveryLock()) {
    if (Decide(lock).effect != Effect::kFree) continue;
    CHECK(lock.cart == C::kInUse);
    CHECK_FALSE(lock.rental.has_value());
    CHECK(lock.hook == Hook::kClosed);
    CHECK(lock.item != Item::kAbsent);
  }
}

TEST_CASE("a hook that is pressed by hand ends nobody's rental: a person is asked", "[reconcile]") {
  LockState lock{C::kInUse, S::kActive, false, false, false, Hook::kClosed, Item::kAbsent};
  CHECK(RuleFor(lock) == "CLOSED_WITHOUT_CART");
  CHECK(Decide(lock).decision == Decision::kAsk);
  lock.item = Item::kPresent;
  CHECK(RuleFor(lock) == "CAME_BACK_UNSEEN");
}

TEST_CASE("agreement is no difference", "[reconcile]") {
  const LockState stands{C::kAvailable, std::nullopt,  true,           false,
                         false,         Hook::kClosed, Item::kNoSensor};
  CHECK_FALSE(Differs(stands, Decide(stands)));
  const LockState out{C::kInUse, S::kActive, false, false, false, Hook::kOpen, Item::kNoSensor};
  CHECK_FALSE(Differs(out, Decide(out)));
  LockState late = out;
  late.cloud_locked = true;
  CHECK(Differs(late, Decide(late)));
}

}  // namespace
}  // namespace cartwise::rental
