#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::rental {

using RentalId = StrongId<struct RentalTag>;
using CartId = StrongId<struct CartTag>;

/// Open: kOpening, kUnconfirmed, kActive, kOverdue. The others are final.
enum class RentalStatus {
  kOpening,
  kUnconfirmed,
  kActive,
  kOverdue,
  kReturned,
  kReturnedLate,
  kNotOpened,
  kNotTaken,
  kCancelled,
};

/// "RETURNED_LATE"
std::string Name(RentalStatus status);
/// Nullopt for an unknown name.
std::optional<RentalStatus> RentalStatusFromName(std::string_view name);
constexpr bool IsOpen(RentalStatus status) {
  return status <= RentalStatus::kOverdue;
}
/// The state machine. The database's trigger is the same table.
bool MayBecome(RentalStatus from, RentalStatus to);

enum class CartStatus { kAvailable, kInUse, kMaintenance };

std::string Name(CartStatus status);
std::optional<CartStatus> CartStatusFromName(std::string_view name);

/// A shopping cart and the lock it stands in.
struct Cart {
  CartId id;
  ChainId chain;
  BranchId branch;
  ControllerId controller;
  int cart_number = 0;
  int locker_id = 0;  ///< as printed on the board, 1 to 16
  CartStatus status = CartStatus::kAvailable;
  bool is_locked = true;  ///< what the hook last read
  bool online = false;    ///< its device is
  std::optional<absl::Time> last_used;
  std::string maintenance_notes;
  absl::Time created_at;
  absl::Time updated_at;
};

/// One cart, out of one lock, held by one shopper. Its id is also the id of
/// the unlock command: one rental, one opening.
struct Rental {
  RentalId id;
  ChainId chain;
  BranchId branch;
  CartId cart;
  int cart_number = 0;
  ControllerId controller;
  int locker_id = 0;
  DeviceId device;
  std::string phone_masked;
  std::string phone_sealed;  ///< for PhoneVault; empty where nobody needs it
  RentalStatus status = RentalStatus::kOpening;
  int attempt = 1;  ///< 1 to 3: which cart of the request
  absl::Time start_time;
  absl::Time expected_return;
  std::optional<absl::Time> opened_at;  ///< when the hook was proven open
  /// Journal number and time of the opening by the device's own clock, when
  /// that clock is off; see lock_rules.
  std::optional<int64_t> opened_sequence;
  std::optional<absl::Time> opened_device_time;
  std::optional<absl::Time> actual_return;
  std::string notes;
  std::string end_reason;
  std::string ended_by;
  absl::Time created_at;
  absl::Time updated_at;

  /// Whole minutes from start to return; 0 while open.
  int DurationMinutes() const;
  /// The rental as it stood when the lock had opened: what AssignCart answered,
  /// whatever happened since. Needs opened_at.
  Rental AsOpened() const;
  CommandId Command() const { return CommandId(id.value()); }
};

}  // namespace cartwise::rental
