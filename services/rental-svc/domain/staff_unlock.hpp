#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "domain/devices.hpp"
#include "domain/store.hpp"

namespace cartwise::rental {

/// A lock that staff want open, with the reason.
struct StaffUnlock {
  BranchId branch;
  CartId cart;
  CommandId command;  ///< the same for a repeat under the same Idempotency-Key
  std::string reason;
};

/// Opens locks for staff, so that the opening is explained before it happens.
/// Thread-safe.
class StaffUnlocks {
 public:
  StaffUnlocks(RentalDatabase& database, Devices& devices, const Clock& clock)
      : database_(database), devices_(devices), clock_(clock) {}

  /// The cart after its lock was proven open. Errors as CartService.UnlockCart.
  absl::StatusOr<Cart> Open(const Caller& caller, const StaffUnlock& want);

 private:
  absl::StatusOr<CommandOutcome> OutcomeOf(const UnlockOrder& order,
                                           const std::optional<EarlierUnlock>& earlier);

  RentalDatabase& database_;
  Devices& devices_;
  const Clock& clock_;
};

}  // namespace cartwise::rental
