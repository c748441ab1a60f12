#include "proc.hpp"

#include <fstream>
#include <string>

namespace cartwise::bench {

double ResidentKb(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    if (word != "VmRSS:") continue;
    double kb = 0;
    status >> kb;
    return kb;
  }
  return 0;
}

double CpuSeconds(pid_t pid) {
  // On the processor, in nanoseconds; /proc/PID/stat counts in hundredths of a second.
  double nanoseconds = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/schedstat") >> nanoseconds;
  return nanoseconds / 1e9;
}

}  // namespace cartwise::bench
