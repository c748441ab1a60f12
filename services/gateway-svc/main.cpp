#include <string>
#include <vector>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "serve.hpp"

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

using namespace cartwise;

namespace {

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto contracts,
                      gateway::Contracts::Load({cartwise_desc, cartwise_desc_end}));
  CW_ASSIGN_OR_RETURN(const auto router, gateway::Router::Build(*contracts));
  CW_ASSIGN_OR_RETURN(const auto config, gateway::Config::FromEnv(contracts->areas()));
  obs::InitLog("gateway-svc", config.log_level);
  if (arguments == std::vector<std::string>{"--check-config"}) return absl::OkStatus();
  if (!arguments.empty()) return absl::InvalidArgumentError("usage: gateway-svc [--check-config]");
  return gateway::Serve(config, *contracts, *router);
}

}  // namespace

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("gateway-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
