#include "domain/reconcile.hpp"

#include <array>
#include <cstdlib>

namespace cartwise::rental {
namespace {

constexpr uint8_t Bit(auto value) {
  return uint8_t(1u << unsigned(value));
}

constexpr uint8_t kAny = 0xFF;

constexpr uint8_t kAvailable = Bit(CartStatus::kAvailable);
constexpr uint8_t kInUse = Bit(CartStatus::kInUse);
constexpr uint8_t kMaintenance = Bit(CartStatus::kMaintenance);

constexpr uint8_t kNoRental = 1u << 4;
constexpr uint8_t kOpening = Bit(RentalStatus::kOpening);
constexpr uint8_t kUnconfirmed = Bit(RentalStatus::kUnconfirmed);
constexpr uint8_t kOut = Bit(RentalStatus::kActive) | Bit(RentalStatus::kOverdue);
constexpr uint8_t kSomeRental = kOpening | kUnconfirmed | kOut;

constexpr uint8_t kClosed = Bit(Hook::kClosed);
constexpr uint8_t kOpen = Bit(Hook::kOpen);
constexpr uint8_t kUnreachable = Bit(Hook::kUnreachable);

constexpr uint8_t kEmptyPlace = Bit(Item::kAbsent);
constexpr uint8_t kCartMayStand = Bit(Item::kNoSensor) | Bit(Item::kPresent);

// Further conditions.
constexpr uint8_t kAlways = 0;
constexpr uint8_t kSnapshotIsOlder = 1;
constexpr uint8_t kStaffOpened = 2;
constexpr uint8_t kCloudThoughtLocked = 3;

using D = Decision;
using E = Effect;

// clang-format off
constexpr std::array kRules{
    //   name                        cart          rental        hook          item           when                 decision    effect
    Rule{"BOARD_SILENT",             kAny,         kAny,         kUnreachable, kAny,          kAlways,             D::kKeep,   E::kNothing},
    // The command's own outcome decides; the snapshot may be from before its pulse.
    Rule{"COMMAND_RUNNING",          kAny,         kOpening,     kAny,         kAny,          kAlways,             D::kKeep,   E::kNothing},
    Rule{"SNAPSHOT_IS_OLDER",        kAny,         kSomeRental,  kAny,         kAny,          kSnapshotIsOlder,    D::kKeep,   E::kNothing},

    Rule{"PROVEN_OPEN",              kAny,         kUnconfirmed, kOpen,        kAny,          kAlways,             D::kReopen, E::kActivate},
    // Every change before the snapshot has been told: it never opened.
    Rule{"STAYED_CLOSED",            kAny,         kUnconfirmed, kClosed,      kCartMayStand, kAlways,             D::kClose,  E::kCancel},
    Rule{"CART_IS_OUT",              kAny,         kOut,         kOpen,        kAny,          kAlways,             D::kKeep,   E::kFollowHook},
    Rule{"CAME_BACK_UNSEEN",         kAny,         kOut,         kClosed,      kCartMayStand, kAlways,             D::kClose,  E::kReturn},
    // A hook pressed by hand: the sensor sees no cart.
    Rule{"CLOSED_WITHOUT_CART",      kAny,         kSomeRental,  kClosed,      kEmptyPlace,   kAlways,             D::kAsk,    E::kQuestion},

    Rule{"OPENED_BY_STAFF",          kAny,         kNoRental,    kOpen,        kAny,          kStaffOpened,        D::kKeep,   E::kFollowHook},
    Rule{"OPENED_WHILE_AWAY",        kAny,         kNoRental,    kOpen,        kAny,          kCloudThoughtLocked, D::kAsk,    E::kAlarm},
    Rule{"IN_USE_WITHOUT_RENTAL",    kInUse,       kNoRental,    kOpen,        kAny,          kAlways,             D::kAsk,    E::kSetAside},
    Rule{"KNOWN_OPEN",               kAny,         kNoRental,    kOpen,        kAny,          kAlways,             D::kKeep,   E::kFollowHook},
    Rule{"EMPTY_PLACE",              uint8_t(kAvailable | kInUse), kNoRental, kClosed, kEmptyPlace, kAlways,       D::kAsk,    E::kSetAside},
    Rule{"STANDS_WITHOUT_RENTAL",    kInUse,       kNoRental,    kClosed,      kCartMayStand, kAlways,             D::kClose,  E::kFree},
    Rule{"STANDS",                   uint8_t(kAvailable | kMaintenance), kNoRental, kClosed, kAny, kAlways,        D::kKeep,   E::kFollowHook},
};
// clang-format on

bool Holds(uint8_t when, const LockState& lock) {
  switch (when) {
    case kSnapshotIsOlder:
      return lock.predates;
    case kStaffOpened:
      return lock.staff_opened;
    case kCloudThoughtLocked:
      return lock.cloud_locked;
    default:
      return true;
  }
}

}  // namespace

std::string Name(Decision decision) {
  static constexpr std::array<const char*, 4> kNames = {"KEEP", "CLOSE", "REOPEN", "ASK"};
  return kNames[size_t(decision)];
}

std::string Name(Hook hook) {
  static constexpr std::array<const char*, 3> kNames = {"CLOSED", "OPEN", "UNREACHABLE"};
  return kNames[size_t(hook)];
}

std::span<const Rule> Rules() {
  return kRules;
}

const Rule& Decide(const LockState& lock) {
  const uint8_t rental = lock.rental ? Bit(*lock.rental) : kNoRental;
  for (const Rule& rule : kRules) {
    if ((rule.carts & Bit(lock.cart)) && (rule.rentals & rental) && (rule.hooks & Bit(lock.hook)) &&
        (rule.items & Bit(lock.item)) && Holds(rule.when, lock)) {
      return rule;
    }
  }
  std::abort();  // a test walks every combination
}

bool Differs(const LockState& lock, const Rule& rule) {
  if (rule.effect == Effect::kNothing) return false;
  if (rule.effect != Effect::kFollowHook) return true;
  return lock.cloud_locked != (lock.hook == Hook::kClosed);
}

}  // namespace cartwise::rental
