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

}  // namespace cartwise::bench
