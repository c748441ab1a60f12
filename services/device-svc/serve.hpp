#pragma once

#include <absl/status/status.h>

#include "config.hpp"

namespace cartwise::device {

/// Serves until the process is told to end.
absl::Status Serve(const Config& config);

}  // namespace cartwise::device
