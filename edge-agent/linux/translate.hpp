#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/device/v1/agent.pb.h"
#include "core/board.hpp"
#include "core/event.hpp"
#include "core/order.hpp"
#include "core/session.hpp"
#include "linux/identity.hpp"

namespace cartwise::edge {

/// Between the core's plain values and cartwise.device.v1.

google::protobuf::Struct ToStruct(const Value& object);
Value FromStruct(const google::protobuf::Struct& object);

device::v1::ControlRequest ToProto(const Outgoing& message);
device::v1::TelemetryEvent ToProto(const Measurement& measurement);

/// INVALID_ARGUMENT when the bytes are no Order.
absl::StatusOr<SignedOrder> FromProto(const device::v1::SignedOrder& order);
/// Without keys when the bytes are no OrderKeys.
VouchedOrderKeys FromProto(const device::v1::SignedOrderKeys& order_keys);
std::vector<BoardConfig> FromProto(const device::v1::Configuration& configuration);

}  // namespace cartwise::edge
