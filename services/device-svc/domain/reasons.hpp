#pragma once

#include <absl/status/status.h>

/// Every refusal of this service that a client can branch on.
namespace cartwise::device::reasons {

absl::Status DeviceNotFound();        ///< NOT_FOUND DEVICE_NOT_FOUND
absl::Status ControllerNotFound();    ///< NOT_FOUND CONTROLLER_NOT_FOUND
absl::Status CommandNotFound();       ///< NOT_FOUND COMMAND_NOT_FOUND
absl::Status DeviceOffline();         ///< FAILED_PRECONDITION DEVICE_OFFLINE
absl::Status DeviceQuarantined();     ///< FAILED_PRECONDITION DEVICE_QUARANTINED
absl::Status DeviceRetired();         ///< FAILED_PRECONDITION DEVICE_RETIRED
absl::Status DeviceAlreadyClaimed();  ///< FAILED_PRECONDITION DEVICE_ALREADY_CLAIMED
/// FAILED_PRECONDITION (PLAN_LIMIT_REACHED), with the limit.
absl::Status TooManyDevices(int allowed);
absl::Status DeviceHasControllers();    ///< FAILED_PRECONDITION DEVICE_HAS_CONTROLLERS
absl::Status ControllerAddressTaken();  ///< ALREADY_EXISTS CONTROLLER_ADDRESS_TAKEN
absl::Status NotAllowed();              ///< PERMISSION_DENIED NOT_ALLOWED
absl::Status BadToken();                ///< UNAUTHENTICATED BAD_TOKEN
absl::Status TokenRanOut();             ///< UNAVAILABLE TOKEN_RAN_OUT: of a stream that is open

}  // namespace cartwise::device::reasons
