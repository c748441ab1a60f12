#include <memory>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/process/service.hpp"
#include "serve.hpp"

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

using namespace cartwise;

int main(int argc, char** argv) {
  // They say which settings there are.
  std::unique_ptr<gateway::Contracts> contracts;
  const auto settings = [&]() -> absl::StatusOr<gateway::Config> {
    CW_ASSIGN_OR_RETURN(contracts, gateway::Contracts::Load({cartwise_desc, cartwise_desc_end}));
    return gateway::Config::FromEnv(contracts->areas());
  };
  const auto serve = [&](const gateway::Config& config) {
    return gateway::Serve(config, *contracts);
  };
  return process::Main<gateway::Config>({"gateway-svc", settings, serve}, argc, argv);
}
