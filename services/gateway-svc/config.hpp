#pragma once

#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/rpc/server.hpp"

namespace cartwise::gateway {

/// Settings of gateway-svc; README.md lists the variables.
struct Config {
  std::string http_listen;
  rpc::ServerConfig grpc;
  std::string metrics_listen;
  std::string token_keys_dir;
  std::string log_level;
  std::vector<std::string> cors_origins;
  std::string docs_dir;
  int trusted_proxies = 0;
  /// Where each area is served: CARTWISE_<AREA>_TARGET.
  std::map<std::string, std::string> targets;

  /// From the environment, for these areas. INVALID_ARGUMENT with every fault.
  static absl::StatusOr<Config> FromEnv(const std::vector<std::string>& areas);
};

}  // namespace cartwise::gateway
