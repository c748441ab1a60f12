#pragma once

#include <absl/status/statusor.h>

#include "cartwise/device/v1/agent.pb.h"
#include "cartwise/events/v1/event.pb.h"
#include "domain/agent_clock.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// Of what an agent tells about one occurrence, as its Struct travels.
inline constexpr size_t kMostPayload = 16 * 1024;

/// An agent's event as the fleet knows it: of the authenticated device whatever
/// it says, at the time the device saw it. INVALID_FIELD for one that no sink
/// could take.
absl::StatusOr<events::v1::Event> ToEvent(v1::AgentEvent event, const DeviceKey& device,
                                          const BranchId& branch, const ClockSample& sample,
                                          const std::string& running_epoch, absl::Time now);

}  // namespace cartwise::device
