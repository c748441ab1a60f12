#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// Whether the place was seen empty since the lock opened; unknown without
/// infrared sensors.
enum class ItemLeft { kUnknown, kYes, kNo };

/// One change of one hook, as a device saw it.
struct LockChange {
  EventId event;
  ChainId chain;
  DeviceId device;
  ControllerId controller;
  int lock = 0;
  bool closed = false;
  CommandId command;  ///< behind an opening; empty when none explains it
  ItemLeft item_left = ItemLeft::kUnknown;
  bool item_present = true;  ///< false: a closing without a cart, as infrared sees it
  absl::Time occurred_at;    ///< the Pi's clock
  int64_t sequence = 0;      ///< rises in the device's journal
};

/// What the cloud knows of a lock when word of it comes.
struct LockView {
  CartId cart;
  BranchId branch;
  int cart_number = 0;
  CartStatus status = CartStatus::kAvailable;
  bool is_locked = true;
  bool has_ir = false;
  std::optional<Rental> rental;   ///< the open one of the cart
  absl::Duration offline_credit;  ///< time its device was away since the rental's start
  CommandId staff_unlock;         ///< a staff opening that has not closed yet
  /// For an opening by a rental's command whose rental has ended: whether that
  /// rental had opened.
  std::optional<bool> ended_rental_opened;
  bool seen = false;  ///< this event has been dealt with before
};

/// What to do about a lock. A plain value; storage carries it out in one
/// statement that is guarded by what the decision was based on.
struct Verdict {
  enum class OfRental { kLeave, kActivate, kEnd };

  OfRental rental = OfRental::kLeave;
  RentalStatus end_status = RentalStatus::kReturned;
  std::string end_reason;
  std::string ended_by;
  std::optional<absl::Time> at;  ///< opened_at or actual_return
  bool clock_is_off = false;     ///< remember the device's own number and time of the opening

  std::optional<CartStatus> cart_status;
  std::optional<bool> is_locked;
  std::string note;                  ///< added to the cart's maintenance notes
  std::string cart_event;            ///< event type to announce about the cart; empty for none
  bool closes_staff_unlock = false;  ///< and those before it
  std::string set_aside;             ///< rule by which the word was ignored; recorded

  bool Nothing() const {
    return rental == OfRental::kLeave && !cart_status && !is_locked && cart_event.empty() &&
           !closes_staff_unlock && set_aside.empty();
  }
};

/// A hook closed. With an open rental the cart came back (or never left);
/// without one it is an event to explain, never somebody's return.
Verdict JudgeClosing(const LockView& view, const LockChange& change, absl::Duration grace,
                     absl::Time now);

/// A hook opened. Proves a rental's unlock, is explained by staff, or is forced.
Verdict JudgeOpening(const LockView& view, const LockChange& change, absl::Time now);

/// RETURNED, or RETURNED_LATE when `at` is past the expected return plus the
/// time the branch was offline.
RentalStatus ReturnedStatus(const Rental& rental, absl::Time at, absl::Duration offline_credit);

/// Within [start, now]: a rental never ends before it began or in the future,
/// whatever a device's clock says.
absl::Time Plausible(absl::Time seen, const Rental& rental, absl::Time now);

}  // namespace cartwise::rental
