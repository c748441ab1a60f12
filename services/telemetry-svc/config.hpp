#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/pg/pool.hpp"
#include "cartwise/rpc/server.hpp"

namespace cartwise::telemetry {

/// Settings of telemetry-svc; README.md lists the variables.
struct Config {
  rpc::ServerConfig server;
  pg::PoolConfig database;
  std::string metrics_listen;
  std::string token_keys_dir;
  std::string log_level;
  int retention_days = 90;

  /// From the environment. INVALID_ARGUMENT with every fault.
  static absl::StatusOr<Config> FromEnv();
};

}  // namespace cartwise::telemetry
