#include "domain/reasons.hpp"

#include "cartwise/base/errors.hpp"

namespace cartwise::device::reasons {

using absl::StatusCode;
using errors::Refuse;

absl::Status DeviceNotFound() {
  return errors::NotFound("DEVICE_NOT_FOUND", "there is no such device");
}

absl::Status ControllerNotFound() {
  return errors::NotFound("CONTROLLER_NOT_FOUND", "there is no such controller");
}

absl::Status CommandNotFound() {
  return errors::NotFound("COMMAND_NOT_FOUND", "there is no such command");
}

absl::Status DeviceOffline() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_OFFLINE",
                "the device is not connected; nothing was sent and nothing will be");
}

absl::Status DeviceQuarantined() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_QUARANTINED",
                "the device was claimed twice and may do nothing until an admin decides");
}

absl::Status DeviceRetired() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_RETIRED", "the device was retired");
}

absl::Status DeviceAlreadyClaimed() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_ALREADY_CLAIMED",
                "a device with this MAC address is in service already; an admin must decide");
}

absl::Status TooManyDevices(int allowed) {
  const std::string limit = std::to_string(allowed);
  return errors::WithDetail(
      Refuse(StatusCode::kFailedPrecondition, "PLAN_LIMIT_REACHED",
             "the plan allows " + limit + " devices; retire one or ask for a larger plan"),
      "limit", limit);
}

absl::Status DeviceHasControllers() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_HAS_CONTROLLERS",
                "delete the device's controllers first");
}

absl::Status ControllerAddressTaken() {
  return Refuse(StatusCode::kAlreadyExists, "CONTROLLER_ADDRESS_TAKEN",
                "another controller has this address on this port");
}

absl::Status NotAllowed() {
  return Refuse(StatusCode::kPermissionDenied, "NOT_ALLOWED", "your role does not allow this");
}

absl::Status BadToken() {
  return Refuse(StatusCode::kUnauthenticated, "BAD_TOKEN", "this token is not valid");
}

absl::Status TokenRanOut() {
  return Refuse(StatusCode::kUnavailable, "TOKEN_RAN_OUT",
                "the token that opened this stream has run out; open it again with the new one");
}

}  // namespace cartwise::device::reasons
