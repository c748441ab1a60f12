#include "config.hpp"

#include "cartwise/auth/phone_keys.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"

namespace cartwise::rental {

absl::StatusOr<Config> Config::FromEnv() {
  config::Env env;
  Config config;
  config.log_level = env.Text("CARTWISE_LOG_LEVEL", "info");
  config.metrics_listen = env.Text("CARTWISE_RENTAL_METRICS_LISTEN", "127.0.0.1:9103");
  config.token_keys_dir = env.Text("CARTWISE_TOKEN_KEYS_DIR");
  config.database = pg::PoolConfig::FromEnv(env, "CARTWISE_RENTAL");
  config.server = rpc::ServerConfig::FromEnv(env, "CARTWISE_RENTAL", "127.0.0.1:9093");
  config.phone_key = env.Text("CARTWISE_RENTAL_PHONE_KEY");
  const auto phone_keys = auth::PhoneSecrets::Parse(config.phone_key);
  if (!phone_keys.ok()) {
    env.Fault("CARTWISE_RENTAL_PHONE_KEY", std::string(phone_keys.status().message()));
  }
  config.grace = env.Seconds("CARTWISE_RENTAL_GRACE_SECONDS", absl::Seconds(10));
  config.device_target = env.Text("CARTWISE_DEVICE_TARGET");
  config.telemetry_target = env.Text("CARTWISE_TELEMETRY_TARGET");
  config.tenant_target = env.Text("CARTWISE_TENANT_TARGET");
  CW_RETURN_IF_ERROR(env.status());
  return config;
}

}  // namespace cartwise::rental
