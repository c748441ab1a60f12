#include "cartwise/base/this_machine.hpp"

#include <arpa/inet.h>

namespace cartwise {

bool IsThisMachine(const std::string& host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  // '@' leads the name of an abstract socket.
  if (host.starts_with('/') || host.starts_with('@')) return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

}  // namespace cartwise
