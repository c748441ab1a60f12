#pragma once

#include <absl/status/status.h>

#include "sim/options.hpp"

namespace cartwise::sim {

/// Plays the boards of one bus until SIGTERM.
absl::Status Emulate(const Options& options);

}  // namespace cartwise::sim
