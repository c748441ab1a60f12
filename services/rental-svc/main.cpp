#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "reseal_phones.hpp"
#include "serve.hpp"

using namespace cartwise;

namespace {

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto config, rental::Config::FromEnv());
  obs::InitLog("rental-svc", config.log_level);
  if (arguments.empty()) return rental::Serve(config);
  if (arguments == std::vector<std::string>{"reseal-phones"}) {
    return rental::ResealPhonesCommand(config);
  }
  return absl::InvalidArgumentError("usage: rental-svc [reseal-phones]");
}

}  // namespace

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("rental-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
