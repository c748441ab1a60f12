#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/process/process.hpp"
#include "commands.hpp"
#include "otp_secrets.hpp"

using namespace cartwise;

namespace {

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto config, tenant::Config::FromEnv());
  obs::InitLog("tenant-svc", config.log_level);
  CW_ASSIGN_OR_RETURN(auto otp_secrets, tenant::KeyedOtpSecrets::FromKeys(config.phone_key));
  if (arguments == std::vector<std::string>{"--check-config"}) return absl::OkStatus();
  return tenant::RunCommand(config, otp_secrets, arguments);
}

}  // namespace

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("tenant-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
