#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/pg/pool.hpp"
#include "cartwise/rpc/server.hpp"

namespace cartwise::tenant {

/// What the environment tells this service; the names stand in README.md.
struct Config {
  std::string log_level;
  std::string metrics_listen;
  std::string token_keys_dir;  ///< public keys by which callers are proven
  std::string signing_key;     ///< private key of staff tokens
  pg::PoolConfig database;
  rpc::ServerConfig server;
  std::string rental_target;     ///< host:port
  std::string telemetry_target;  ///< host:port

  /// INVALID_ARGUMENT with a line per fault.
  static absl::StatusOr<Config> FromEnv();
};

}  // namespace cartwise::tenant
