#pragma once

#include <absl/status/status.h>

/// Every refusal of this service that a client can branch on, besides those of
/// fields and rights: what device-svc answers to the same device.
namespace cartwise::telemetry::reasons {

absl::Status BadToken();           ///< UNAUTHENTICATED BAD_TOKEN
absl::Status DeviceQuarantined();  ///< FAILED_PRECONDITION DEVICE_QUARANTINED

}  // namespace cartwise::telemetry::reasons
