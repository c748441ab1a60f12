#include "domain/recovery.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/assign.hpp"
#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

constexpr int kAtMost = 50;
// Longer than a command and the wait for its outcome (kOutcomeWait): whoever
// began it is gone, and nothing that was ordered may pulse any more.
constexpr absl::Duration kOpeningTooLong = absl::Milliseconds(8500);
constexpr absl::Duration kLookAgain = absl::Seconds(3);
constexpr absl::Duration kOwnTime = absl::Seconds(5);

}  // namespace

Caller Recovery::Myself() const {
  Caller caller = Caller::Service("rental-svc");
  caller.deadline = clock_.Now() + kOwnTime;
  return caller;
}

absl::Status Recovery::RunOnce() {
  const absl::Time now = clock_.Now();
  // First: what follows may take long where devices do not answer.
  absl::Status first = unfinished_.MarkOverdue(kAtMost).status();
  CW_ASSIGN_OR_RETURN(const auto rentals,
                      unfinished_.ClaimRentals(now, now - kOpeningTooLong, kLookAgain, kAtMost));
  for (const Rental& rental : rentals) first.Update(Resolve(rental));
  CW_ASSIGN_OR_RETURN(const auto unlocks, unfinished_.ClaimStaffUnlocks(now, now - kOpeningTooLong,
                                                                        kLookAgain, kAtMost));
  for (const OpenStaffUnlock& unlock : unlocks) {
    const auto outcome = devices_.LookUp(unlock.chain, unlock.command, clock_.Now() + kOwnTime);
    if (!outcome.ok()) {
      first.Update(outcome.status());
    } else if (outcome->state != CommandState::kSent) {
      first.Update(unfinished_.SettleStaffUnlock(unlock.chain, unlock.command, *outcome));
    }
  }
  return first;
}

absl::Status Recovery::Resolve(const Rental& rental) {
  const auto outcome = devices_.LookUp(rental.chain, rental.Command(), clock_.Now() + kOwnTime);
  // Nobody to ask is no word, too.
  CW_RETURN_IF_ERROR(Settle(rental, outcome.ok() ? *outcome : CommandOutcome{}));
  return outcome.status();
}

absl::Status Recovery::Settle(const Rental& rental, const CommandOutcome& outcome) {
  const Caller self = Myself();
  switch (outcome.state) {
    case CommandState::kSucceeded:
      // The moment of the opening is lost; the start is the nearest we know, and
      // is never after a closing that is told later.
      return rack_.Activate(self, rental, rental.start_time).status();
    case CommandState::kFailed:
      return rack_.Jam(self, rental, EndReasonOf(outcome)).status();
    case CommandState::kDropped:
    case CommandState::kRejected:
      return rack_.Cancel(self, rental, EndReasonOf(outcome)).status();
    case CommandState::kSent:
    case CommandState::kUnknown:
      if (rental.status == RentalStatus::kOpening) return rack_.Doubt(self, rental).status();
      if (clock_.Now() < rental.start_time + kOpeningTooLong) return absl::OkStatus();
      return ReadTheHook(rental);
  }
  return absl::OkStatus();
}

// Nobody can tell what became of the command, but the lock can tell how it is.
absl::Status Recovery::ReadTheHook(const Rental& rental) {
  const auto reading =
      devices_.Read(OrderFor(rental, "service:rental-svc", ""), clock_.Now() + kOwnTime);
  if (!reading.ok()) return absl::OkStatus();  // not now; the next round asks again
  switch (*reading) {
    case LockReading::kOpen:
      return rack_.Activate(Myself(), rental, rental.start_time).status();
    case LockReading::kClosed:
      return BelieveClosed(rental);
    case LockReading::kClosedEmpty:
      break;  // the cart is gone and its lock was shut: a person decides
  }
  return absl::OkStatus();
}

// What the agent did before it read the hook may have been committed only meanwhile.
absl::Status Recovery::BelieveClosed(const Rental& rental) {
  const auto outcome = devices_.LookUp(rental.chain, rental.Command(), clock_.Now() + kOwnTime);
  if (!outcome.ok()) return absl::OkStatus();  // not now; the next round asks again
  if (outcome->state == CommandState::kSent || outcome->state == CommandState::kUnknown) {
    return rack_.Cancel(Myself(), rental, ends::kReconciled).status();
  }
  return Settle(rental, *outcome);
}

}  // namespace cartwise::rental
