#include "linux/machine_health.hpp"

#include <fstream>
#include <sstream>

#include <sys/statvfs.h>
#include <unistd.h>

namespace cartwise::edge {
namespace {

template <typename T>
std::optional<T> First(const std::string& path) {
  std::ifstream in(path);
  T value;
  if (in >> value) return value;
  return std::nullopt;
}

void ReadMemory(MachineHealth& health) {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    int64_t kb;
    if (!(words >> name >> kb)) continue;
    if (name == "MemTotal:") health.memory_total_kb = kb;
    if (name == "MemAvailable:") health.memory_available_kb = kb;
  }
}

}  // namespace

MachineHealth ReadMachineHealth(const std::string& state_dir, const Clock& clock) {
  MachineHealth health;
  if (const auto milli = First<int64_t>("/sys/class/thermal/thermal_zone0/temp")) {
    health.cpu_celsius = static_cast<double>(*milli) / 1000;
  }
  health.load_1m = First<double>("/proc/loadavg");
  ReadMemory(health);
  struct statvfs disk {};
  if (statvfs(state_dir.c_str(), &disk) == 0) {
    const auto block_kb = static_cast<int64_t>(disk.f_frsize) / 1024;
    health.disk_total_kb = static_cast<int64_t>(disk.f_blocks) * block_kb;
    health.disk_free_kb = static_cast<int64_t>(disk.f_bavail) * block_kb;
  }
  health.uptime_s = absl::ToInt64Seconds(clock.SinceBoot());
  std::ifstream statm("/proc/self/statm");
  if (int64_t size, resident; statm >> size >> resident) {
    health.agent_rss_kb = resident * sysconf(_SC_PAGESIZE) / 1024;
  }
  return health;
}

}  // namespace cartwise::edge
