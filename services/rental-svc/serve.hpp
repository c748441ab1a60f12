#pragma once

#include <absl/status/status.h>

#include "config.hpp"

namespace cartwise::rental {

/// Serves the API and the probes until SIGTERM, then drains: no new calls, ten
/// seconds for those that run.
absl::Status Serve(const Config& config);

}  // namespace cartwise::rental
