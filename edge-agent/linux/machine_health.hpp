#pragma once

#include <string>

#include "cartwise/base/clock.hpp"
#include "core/health.hpp"

namespace cartwise::edge {

/// Reads /proc, /sys and the disk that holds `state_dir`.
MachineHealth ReadMachineHealth(const std::string& state_dir, const Clock& clock);

}  // namespace cartwise::edge
