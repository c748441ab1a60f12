#include <string_view>

#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "cartwise/rpc/server.hpp"
#include "config.hpp"
#include "serve.hpp"

using namespace cartwise;

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("device-svc", "info");
  const bool only_check = argc == 2 && std::string_view(argv[1]) == "--check-config";
  if (argc > 1 && !only_check) {
    return obs::Die(absl::InvalidArgumentError("usage: device-svc [--check-config]"));
  }
  const auto config = device::Config::FromEnv();
  if (!config.ok()) return obs::Die(config.status());
  if (only_check) return 0;
  obs::InitLog("device-svc", config->log_level);
  const absl::Status served = device::Serve(*config);
  return served.ok() ? 0 : obs::Die(served);
}
