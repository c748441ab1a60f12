#include <poll.h>

#include "proc.hpp"
#include "sections.hpp"

namespace cartwise::bench {

std::vector<Figure> IdleMemory(fleet::Fleet& fleet, const Effort&) {
  double most = 0;
  std::string each;
  for (const char* service :
       {"tenant-svc", "device-svc", "rental-svc", "telemetry-svc", "gateway-svc"}) {
    const double mb = ResidentKb(fleet.PidOf(service)) / 1024;
    most = std::max(most, mb);
    each += std::string(each.empty() ? "" : ", ") + service + " " + std::to_string(int(mb + 0.5));
  }
  return {{.name = "rss_idle_max_mb", .unit = "MB", .ours = most, .goal = 30, .remark = each}};
}

}  // namespace cartwise::bench
