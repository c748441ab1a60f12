#include "limits/redis_address.hpp"

#include <regex>

#include "cartwise/base/this_machine.hpp"

namespace cartwise::gateway {

absl::StatusOr<RedisAddress> RedisAddress::Parse(const std::string& url,
                                                 const rpc::TlsFiles& files) {
  static const std::regex kUrl(
      R"(redis(s?)://(?::([^@/]+)@)?([^:/@]+)(?::(\d{1,5}))?(?:/(\d{1,3}))?)");
  std::smatch parts;
  if (!std::regex_match(url, parts, kUrl)) {
    return absl::InvalidArgumentError("must be redis[s]://[:PASSWORD@]HOST[:PORT][/DATABASE]");
  }
  RedisAddress address;
  if (parts[1].length() > 0) address.tls = files;
  address.password = parts[2];
  address.host = parts[3];
  if (parts[4].matched) address.port = std::stoi(parts[4]);
  address.database = parts[5];
  if (!address.tls && !IsThisMachine(address.host)) {
    return absl::InvalidArgumentError(
        "a Redis on another machine needs rediss://, and CARTWISE_REDIS_CA where "
        "CARTWISE_TLS_CA did not sign its certificate");
  }
  return address;
}

}  // namespace cartwise::gateway
