#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// What a snapshot says of one lock.
enum class Hook { kClosed, kOpen, kUnreachable };
enum class Item { kNoSensor, kPresent, kAbsent };

/// One lock as the cloud and the device see it.
struct LockState {
  CartStatus cart = CartStatus::kAvailable;
  std::optional<RentalStatus> rental;  ///< of the open one; final states never come here
  bool cloud_locked = true;            ///< what the cloud believes of the hook
  bool staff_opened = false;           ///< a staff opening that has not closed yet
  bool predates = false;  ///< the snapshot was taken before the rental began (or opened)
  Hook hook = Hook::kClosed;
  Item item = Item::kNoSensor;
};

/// What is decided about a difference.
enum class Decision {
  kKeep,    ///< the cloud's rental stands as it is
  kClose,   ///< the rental ends, or the cart is free again
  kReopen,  ///< a rental in doubt goes on
  kAsk,     ///< only a person can tell
};
/// "KEEP"
std::string Name(Decision decision);
std::string Name(Hook hook);

/// What carrying out the decision changes beside is_locked, which always
/// follows a readable hook (but for kNothing under a running command).
enum class Effect {
  kNothing,
  kFollowHook,  ///< is_locked only
  kActivate,    ///< rental ACTIVE
  kCancel,      ///< rental CANCELLED, cart AVAILABLE
  kReturn,      ///< rental RETURNED (or late) at the snapshot's time, cart AVAILABLE
  kFree,        ///< cart AVAILABLE
  kAlarm,       ///< cart MAINTENANCE and cart.forced_open
  kSetAside,    ///< cart MAINTENANCE, a person looks
  kQuestion,    ///< rental stays, a person looks
};

/// One line of the written rules; the first that matches decides.
struct Rule {
  const char* name;
  uint8_t carts;    ///< bits by CartStatus
  uint8_t rentals;  ///< bits by RentalStatus of the four open ones; kNoRental
  uint8_t hooks;    ///< bits by Hook
  uint8_t items;    ///< bits by Item
  uint8_t when;     ///< further condition, see reconcile.cpp
  Decision decision;
  Effect effect;
};

std::span<const Rule> Rules();

/// The rule for a lock. There is one for every combination.
const Rule& Decide(const LockState& lock);

/// True when cloud and lock do not agree, so that the decision is recorded.
bool Differs(const LockState& lock, const Rule& rule);

}  // namespace cartwise::rental
