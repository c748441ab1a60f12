#include "domain/lock_rules.hpp"

#include <algorithm>

#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

// True for word from before the rental: its cart was moved for another reason.
// A device whose clock is behind ours is told by its journal's numbers.
bool FromBefore(const Rental& rental, const LockChange& change) {
  if (change.occurred_at >= rental.start_time) return false;
  return !rental.opened_sequence || change.sequence <= *rental.opened_sequence;
}

// Small differences are the network's and do not matter.
bool ClockIsOff(const Rental& rental, const LockChange& change, absl::Time now) {
  return change.occurred_at < rental.start_time || change.occurred_at > now + absl::Seconds(5);
}

// When the cart came back: by the device's clock, or, when that is off, by how
// long the device says it was out.
absl::Time ClosedAt(const Rental& rental, const LockChange& change, absl::Time now) {
  if (!rental.opened_device_time || !rental.opened_at) {
    return Plausible(change.occurred_at, rental, now);
  }
  const absl::Duration out = change.occurred_at - *rental.opened_device_time;
  return Plausible(*rental.opened_at + out, rental, now);
}

bool InDoubt(const Rental& rental) {
  return rental.status == RentalStatus::kOpening || rental.status == RentalStatus::kUnconfirmed;
}

bool NeverTaken(const Rental& rental, const LockChange& change, absl::Time at,
                absl::Duration grace) {
  switch (change.item_left) {
    case ItemLeft::kNo:
      return true;
    case ItemLeft::kYes:
      return false;
    case ItemLeft::kUnknown:
      return at - std::max(rental.start_time, rental.opened_at.value_or(rental.start_time)) <=
             grace;
  }
  return false;
}

Verdict ForcedOpen(const LockView& view, std::string note) {
  Verdict verdict;
  verdict.is_locked = false;
  if (view.status != CartStatus::kMaintenance) verdict.cart_status = CartStatus::kMaintenance;
  verdict.note = std::move(note);
  verdict.cart_event = "cart.forced_open";
  return verdict;
}

// Nobody rents the cart.
Verdict JudgeUnrentedOpening(const LockView& view, const LockChange& change) {
  Verdict verdict;
  if (change.command.empty()) {
    if (view.staff_unlock.empty()) return ForcedOpen(view, "opened by force");
    verdict.is_locked = false;
    return verdict;
  }
  if (view.ended_rental_opened == true) return verdict;  // an old opening told again
  if (view.ended_rental_opened == false) {
    return ForcedOpen(view, "opened after its rental had been given up");
  }
  // A command of staff: whoever sent it answers for the opening.
  verdict.is_locked = false;
  return verdict;
}

}  // namespace

RentalStatus ReturnedStatus(const Rental& rental, absl::Time at, absl::Duration offline_credit) {
  return at > rental.expected_return + offline_credit ? RentalStatus::kReturnedLate
                                                      : RentalStatus::kReturned;
}

absl::Time Plausible(absl::Time seen, const Rental& rental, absl::Time now) {
  return std::max(rental.start_time, std::min(seen, now));
}

Verdict JudgeClosing(const LockView& view, const LockChange& change, absl::Duration grace,
                     absl::Time now) {
  Verdict verdict;
  if (view.seen) return verdict;
  // A hook pressed by hand, or a broken sensor: nobody's return by itself. With the
  // cart's rental open, its shopper may say that it is one.
  if (!change.item_present) {
    if (view.rental && !FromBefore(*view.rental, change)) verdict.is_locked = true;
    return verdict;
  }
  if (!view.rental) {
    verdict.is_locked = true;
    if (view.staff_unlock.empty()) {
      verdict.cart_event = "cart.unexplained_close";
    } else {
      verdict.closes_staff_unlock = true;
    }
    return verdict;
  }
  const Rental& rental = *view.rental;
  if (FromBefore(rental, change)) {
    verdict.set_aside = "CLOSED_BEFORE_START";
    return verdict;
  }
  const absl::Time at = ClosedAt(rental, change, now);
  verdict.rental = Verdict::OfRental::kEnd;
  verdict.at = at;
  verdict.ended_by = "device:" + change.device.value();
  verdict.cart_status = CartStatus::kAvailable;
  verdict.is_locked = true;
  verdict.closes_staff_unlock = !view.staff_unlock.empty();
  if (NeverTaken(rental, change, at, grace)) {
    verdict.end_status = RentalStatus::kNotTaken;
    verdict.end_reason = ends::kNotTaken;
  } else {
    verdict.end_status = ReturnedStatus(rental, at, view.offline_credit);
    verdict.end_reason = ends::kHookClosed;
  }
  return verdict;
}

Verdict JudgeOpening(const LockView& view, const LockChange& change, absl::Time now) {
  Verdict verdict;
  if (view.seen) return verdict;
  if (!view.rental) return JudgeUnrentedOpening(view, change);

  const Rental& rental = *view.rental;
  const bool own = change.command == rental.Command();
  if (!own && !change.command.empty()) {
    verdict.set_aside = "OPENED_BY_OTHER_COMMAND";
    return verdict;
  }
  if (!own && FromBefore(rental, change)) {
    verdict.set_aside = "OPENED_BEFORE_START";
    return verdict;
  }
  verdict.clock_is_off = ClockIsOff(rental, change, now);
  if (InDoubt(rental)) {
    verdict.rental = Verdict::OfRental::kActivate;
    verdict.at = Plausible(change.occurred_at, rental, now);
    verdict.is_locked = false;
    return verdict;
  }
  // Known already. Written down only where a repeat, or the closing, could be
  // misread: an opening that names no command, or one by a clock that is off.
  if (view.is_locked || !own || verdict.clock_is_off) verdict.is_locked = false;
  return verdict;
}

}  // namespace cartwise::rental
