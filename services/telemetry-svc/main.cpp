#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "serve.hpp"

int main() {
  using namespace cartwise;
  process::Begin();
  obs::InitLog("telemetry-svc", "info");
  const auto config = telemetry::Config::Load();
  if (!config.ok()) return obs::Die(config.status());
  obs::InitLog("telemetry-svc", config->log_level);
  const absl::Status served = telemetry::Serve(*config);
  return served.ok() ? 0 : obs::Die(served);
}
