#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/pg/pool.hpp"
#include "cartwise/rpc/server.hpp"

namespace cartwise::device {

/// What the environment tells this service; the names stand in README.md.
struct Config {
  rpc::ServerConfig server;
  std::string streams_listen;  ///< of agents' streams, host:port
  pg::PoolConfig database;
  std::string metrics_listen;
  std::string token_keys_dir;
  std::string signing_keys_dir;  ///< private keys of device tokens and orders
  std::string log_level;
  std::string mqtt_broker;
  int mqtt_port = 1883;
  int lanes = 4;  ///< threads for what agents say; each holds a connection at most
  std::string tenant_target, rental_target, telemetry_target;

  /// INVALID_ARGUMENT with every fault.
  static absl::StatusOr<Config> FromEnv();
};

}  // namespace cartwise::device
