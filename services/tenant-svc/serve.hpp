#pragma once

#include <absl/status/status.h>

#include "config.hpp"
#include "wiring.hpp"

namespace cartwise::tenant {

/// Serves the API, the probes and the relay of events until SIGTERM, then
/// drains: no new calls, ten seconds for those that run.
absl::Status Serve(const Config& config, Wiring& wiring);

}  // namespace cartwise::tenant
