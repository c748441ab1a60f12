#include "config.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"

namespace cartwise::device {

absl::StatusOr<Config> Config::FromEnv() {
  config::Env env;
  Config config;
  config.log_level = env.Text("CARTWISE_LOG_LEVEL", "info");
  config.metrics_listen = env.Text("CARTWISE_DEVICE_METRICS_LISTEN", "127.0.0.1:9102");
  config.token_keys_dir = env.Text("CARTWISE_TOKEN_KEYS_DIR");
  config.signing_keys_dir = env.Text("CARTWISE_DEVICE_SIGNING_KEYS_DIR");
  config.database = pg::PoolConfig::FromEnv(env, "CARTWISE_DEVICE");
  config.server = rpc::ServerConfig::FromEnv(env, "CARTWISE_DEVICE", "127.0.0.1:9092");
  config.streams_listen = env.Text("CARTWISE_DEVICE_STREAMS_LISTEN", "127.0.0.1:9095");
  config.lanes = env.Number("CARTWISE_DEVICE_LANES", 4, 1, 32);
  config.mqtt_broker = env.Text("CARTWISE_DEVICE_MQTT_BROKER", "localhost");
  config.mqtt_port = env.Number("CARTWISE_DEVICE_MQTT_PORT", 1883, 1, 65535);
  config.tenant_target = env.Text("CARTWISE_TENANT_TARGET");
  config.rental_target = env.Text("CARTWISE_RENTAL_TARGET");
  config.telemetry_target = env.Text("CARTWISE_TELEMETRY_TARGET");
  CW_RETURN_IF_ERROR(env.status());
  return config;
}

}  // namespace cartwise::device
