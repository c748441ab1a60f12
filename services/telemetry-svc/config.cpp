#include "config.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"

namespace cartwise::telemetry {

absl::StatusOr<Config> Config::FromEnv() {
  config::Env env;
  Config config;
  config.server = rpc::ServerConfig::FromEnv(env, "CARTWISE_TELEMETRY", "127.0.0.1:9094");
  config.database = pg::PoolConfig::FromEnv(env, "CARTWISE_TELEMETRY");
  config.metrics_listen = env.Text("CARTWISE_TELEMETRY_METRICS_LISTEN", "127.0.0.1:9104");
  config.token_keys_dir = env.Text("CARTWISE_TOKEN_KEYS_DIR");
  config.log_level = env.Text("CARTWISE_LOG_LEVEL", "info");
  // Below 8 days an event could come in for a day that is already dropped.
  config.retention_days = env.Number("CARTWISE_TELEMETRY_RETENTION_DAYS", 90, 8, 3650);
  CW_RETURN_IF_ERROR(env.status());
  return config;
}

}  // namespace cartwise::telemetry
