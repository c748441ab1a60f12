#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "serve.hpp"

int main() {
  using namespace cartwise;
  process::Begin();
  obs::InitLog("rental-svc", "info");
  const auto config = rental::Config::FromEnv();
  if (!config.ok()) return obs::Die(config.status());
  obs::InitLog("rental-svc", config->log_level);
  const absl::Status served = rental::Serve(*config);
  return served.ok() ? 0 : obs::Die(served);
}
