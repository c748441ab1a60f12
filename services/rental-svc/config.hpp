#pragma once

#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"
#include "cartwise/rpc/server.hpp"

namespace cartwise::rental {

/// Settings of rental-svc; README.md lists the variables.
struct Config {
  rpc::ServerConfig server;
  pg::PoolConfig database;
  std::string metrics_listen;
  std::string token_keys_dir;
  std::string log_level;
  std::string phone_key;  ///< of the key file, see auth::PhoneSecrets
  absl::Duration grace;
  std::string device_target, telemetry_target, tenant_target;

  /// INVALID_ARGUMENT with every fault.
  static absl::StatusOr<Config> FromEnv();
};

}  // namespace cartwise::rental
