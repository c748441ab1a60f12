#pragma once

#include <memory>

#include <absl/status/statusor.h>

#include "core/failpoints.hpp"

namespace cartwise::edge {

/// Ends the process at one step, as a power cut would: for tests only. With
/// CARTWISE_AGENT_CRASH_AT unset, steps that do nothing. INVALID_ARGUMENT for a
/// step that does not exist, and where it is no development.
absl::StatusOr<std::unique_ptr<Failpoints>> FailpointsFromEnvironment();

}  // namespace cartwise::edge
