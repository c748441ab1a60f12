#pragma once

#include <absl/status/status.h>

#include "config.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// Serves REST, gRPC and the probes until SIGTERM, then drains: no new calls,
/// ten seconds for those that run.
absl::Status Serve(const Config& config, const Contracts& contracts);

}  // namespace cartwise::gateway
