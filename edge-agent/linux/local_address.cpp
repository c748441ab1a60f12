#include "linux/local_address.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

namespace cartwise::edge {

std::string LocalAddress() {
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return {};
  std::string found;
  bool loopback = true;
  for (const ifaddrs* each = all; each != nullptr && loopback; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    char text[INET_ADDRSTRLEN];
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof(text)) == nullptr) continue;
    found = text;
    loopback = (each->ifa_flags & IFF_LOOPBACK) != 0;
  }
  freeifaddrs(all);
  return found;
}

}  // namespace cartwise::edge
