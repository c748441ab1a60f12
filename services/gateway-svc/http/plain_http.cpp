#include "http/plain_http.hpp"

#include <string>

#include "cartwise/base/this_machine.hpp"

namespace cartwise::gateway {

absl::Status CheckPlainHttp(std::string_view listen, int proxies) {
  const std::string host(listen.substr(0, listen.rfind(':')));
  if (IsThisMachine(host) || proxies > 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "CARTWISE_GATEWAY_HTTP_TLS_CERT: is required where CARTWISE_GATEWAY_HTTP_LISTEN is no "
      "loopback address, unless CARTWISE_GATEWAY_TRUSTED_PROXIES says that ours stand in front");
}

}  // namespace cartwise::gateway
