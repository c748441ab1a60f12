#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "domain/devices.hpp"
#include "domain/rack.hpp"

namespace cartwise::rental {

/// A staff opening whose outcome nobody wrote down.
struct OpenStaffUnlock {
  ChainId chain;
  CommandId command;
};

/// Port: what was left between two states. Thread-safe.
class Unfinished {
 public:
  virtual ~Unfinished() = default;
  /// Rentals that are OPENING for longer than their command may live, and
  /// UNCONFIRMED ones that were not looked at for `pause`, or for a twentieth of
  /// their age; claimed, so that another replica does not take them too.
  virtual absl::StatusOr<std::vector<Rental>> ClaimRentals(absl::Time now,
                                                           absl::Time opening_before,
                                                           absl::Duration pause, int most) = 0;
  /// Staff openings asked for before that and not settled; claimed in the same way.
  virtual absl::StatusOr<std::vector<OpenStaffUnlock>> ClaimStaffUnlocks(absl::Time now,
                                                                         absl::Time asked_before,
                                                                         absl::Duration pause,
                                                                         int most) = 0;
  virtual absl::Status SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                         const CommandOutcome& outcome) = 0;
  /// ACTIVE ones past their time, the offline time of their device added: OVERDUE.
  virtual absl::StatusOr<int> MarkOverdue(int most) = 0;
};

/// Brings to its end what a crash, a lost answer or a silent device left open.
/// It asks, it never guesses. Thread-safe.
class Recovery {
 public:
  Recovery(Unfinished& unfinished, Rack& rack, Devices& devices, const Clock& clock)
      : unfinished_(unfinished), rack_(rack), devices_(devices), clock_(clock) {}

  /// One round over everything unfinished.
  absl::Status RunOnce();
  /// Moves a rental that nobody waits for by what became of its command. One
  /// that was settled meanwhile stays as it is.
  absl::Status Settle(const Rental& rental, const CommandOutcome& outcome);

 private:
  absl::Status Resolve(const Rental& rental);
  absl::Status ReadTheHook(const Rental& rental);
  absl::Status BelieveClosed(const Rental& rental);
  Caller Myself() const;

  Unfinished& unfinished_;
  Rack& rack_;
  Devices& devices_;
  const Clock& clock_;
};

}  // namespace cartwise::rental
