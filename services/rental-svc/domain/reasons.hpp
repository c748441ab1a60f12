#pragma once

#include <absl/status/status.h>

/// Every stable reason this service refuses with. Clients branch on them.
namespace cartwise::rental::reasons {

inline constexpr char kBranchNotFound[] = "BRANCH_NOT_FOUND";
inline constexpr char kBranchInactive[] = "BRANCH_INACTIVE";
inline constexpr char kNoFreeCart[] = "NO_FREE_CART";
inline constexpr char kDeviceOffline[] = "DEVICE_OFFLINE";
inline constexpr char kShopperHasRental[] = "SHOPPER_HAS_RENTAL";
inline constexpr char kLockJammed[] = "LOCK_JAMMED";
inline constexpr char kUnlockUnconfirmed[] = "UNLOCK_UNCONFIRMED";
inline constexpr char kCartNotFound[] = "CART_NOT_FOUND";
inline constexpr char kControllerNotFound[] = "CONTROLLER_NOT_FOUND";
inline constexpr char kCartNumberTaken[] = "CART_NUMBER_TAKEN";
inline constexpr char kLockerTaken[] = "LOCKER_TAKEN";
inline constexpr char kCartInUse[] = "CART_IN_USE";
inline constexpr char kCartNotLocked[] = "CART_NOT_LOCKED";
inline constexpr char kRentalNotFound[] = "RENTAL_NOT_FOUND";
inline constexpr char kRentalNotOpen[] = "RENTAL_NOT_OPEN";
inline constexpr char kNotAllowed[] = "NOT_ALLOWED";
inline constexpr char kRentalOpening[] = "RENTAL_OPENING";

// What is refused in the same words in several places.
absl::Status BranchNotFound();
absl::Status RentalNotFound();
absl::Status NothingOpened();  ///< FAILED_PRECONDITION DEVICE_OFFLINE

}  // namespace cartwise::rental::reasons

/// `end_reason` of a rental.
namespace cartwise::rental::ends {

inline constexpr char kHookClosed[] = "HOOK_CLOSED";
inline constexpr char kShopper[] = "SHOPPER";
inline constexpr char kStaff[] = "STAFF";
inline constexpr char kForced[] = "FORCED";
inline constexpr char kLockJammed[] = "LOCK_JAMMED";
inline constexpr char kAlreadyOpen[] = "ALREADY_OPEN";
inline constexpr char kNotTaken[] = "NOT_TAKEN";
inline constexpr char kDeviceOffline[] = "DEVICE_OFFLINE";
inline constexpr char kDropped[] = "DROPPED";
inline constexpr char kReconciled[] = "RECONCILED";

}  // namespace cartwise::rental::ends
