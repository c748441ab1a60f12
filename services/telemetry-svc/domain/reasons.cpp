#include "domain/reasons.hpp"

#include "cartwise/base/errors.hpp"

namespace cartwise::telemetry::reasons {

using absl::StatusCode;
using errors::Refuse;

absl::Status BadToken() {
  return Refuse(StatusCode::kUnauthenticated, "BAD_TOKEN", "this token is not valid");
}

absl::Status DeviceQuarantined() {
  return Refuse(StatusCode::kFailedPrecondition, "DEVICE_QUARANTINED",
                "the device was claimed twice and may do nothing until an admin decides");
}

}  // namespace cartwise::telemetry::reasons
