#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/bus.hpp"
#include "core/value.hpp"

namespace cartwise::edge {

/// How the Pi itself is; absent where the machine does not tell.
struct MachineHealth {
  std::optional<double> cpu_celsius;
  std::optional<double> load_1m;
  std::optional<int64_t> memory_total_kb;
  std::optional<int64_t> memory_available_kb;
  std::optional<int64_t> disk_total_kb;
  std::optional<int64_t> disk_free_kb;
  int64_t uptime_s = 0;
  std::optional<int64_t> agent_rss_kb;
};

/// What could not be kept.
struct Losses {
  int64_t events = 0;
  int64_t telemetry = 0;
  int64_t waiting_telemetry = 0;
};

/// Data of an `agent.health` measurement.
Value HealthReport(const MachineHealth& machine, const std::vector<BusFigures>& buses,
                   const Losses& losses);

}  // namespace cartwise::edge
