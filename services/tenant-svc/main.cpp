#include "cartwise/base/status_macros.hpp"
#include "cartwise/process/service.hpp"
#include "commands/create_platform_admin.hpp"
#include "commands/re_erase.hpp"
#include "commands/verify_audit.hpp"
#include "serve.hpp"

using namespace cartwise;
using tenant::Config;
using tenant::Wiring;

namespace {

absl::Status Serve(const Config& config) {
  CW_ASSIGN_OR_RETURN(const auto wiring, Wiring::Make(config));
  return tenant::Serve(config, *wiring);
}

absl::Status CreatePlatformAdmin(const Config& config, const process::Arguments& rest) {
  CW_ASSIGN_OR_RETURN(const auto wiring, Wiring::Make(config));
  return tenant::CreatePlatformAdmin(rest, wiring->database, wiring->credentials);
}

absl::Status ReErase(const Config& config, const process::Arguments& rest) {
  CW_ASSIGN_OR_RETURN(const auto wiring, Wiring::Make(config));
  return tenant::ReErase(rest, wiring->people);
}

absl::Status VerifyAudit(const Config& config, const process::Arguments& rest) {
  CW_ASSIGN_OR_RETURN(const auto wiring, Wiring::Make(config));
  return tenant::VerifyAudit(rest, wiring->audit, wiring->database, tenant::AuditDigest);
}

}  // namespace

int main(int argc, char** argv) {
  return process::Main<Config>({"tenant-svc",
                                Config::FromEnv,
                                Serve,
                                {{"create-platform-admin", CreatePlatformAdmin},
                                 {"re-erase", ReErase},
                                 {"verify-audit", VerifyAudit}}},
                               argc, argv);
}
