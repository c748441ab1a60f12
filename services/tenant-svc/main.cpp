#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/pg/once.hpp"
#include "cartwise/process/process.hpp"
#include "config.hpp"
#include "create_platform_admin.hpp"
#include "credentials.hpp"
#include "data_holders.hpp"
#include "erasure_lines.hpp"
#include "otp_secrets.hpp"
#include "phone_seal.hpp"
#include "re_erase.hpp"
#include "serve.hpp"
#include "storage/pg_audit_store.hpp"
#include "storage/pg_erasures.hpp"
#include "storage/pg_store.hpp"
#include "verify_audit.hpp"

using namespace cartwise;

namespace {

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto config, tenant::Config::FromEnv());
  obs::InitLog("tenant-svc", config.log_level);
  CW_ASSIGN_OR_RETURN(auto otp_secrets, tenant::KeyedOtpSecrets::FromKeys(config.phone_key));
  if (arguments == std::vector<std::string>{"--check-config"}) return absl::OkStatus();

  const SystemClock clock;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::OwnKeys::Open(config.signing_keys_dir, clock));
  tenant::SignedCredentials credentials([&keys] { return keys->Current(); });
  obs::Metrics metrics;
  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<tenant::Store, tenant::PgStore> database(pool, "tenant");
  CW_ASSIGN_OR_RETURN(const auto phone_secrets, auth::PhoneSecrets::Parse(config.phone_key));
  const tenant::KeyedPhoneSeal seal(phone_secrets);
  const auto holders = tenant::MakeDataHolders(config, pool, otp_secrets);
  pg::DatabaseOf<tenant::ErasureStore, tenant::PgErasures> erasures(pool, "tenant");
  tenant::ErasureLines witness;
  tenant::PersonalData people(
      {database, erasures, tenant::Lent(holders), otp_secrets, seal, witness, clock});
  if (arguments.empty()) {
    return tenant::Serve(config, pool, database, credentials, otp_secrets, people, metrics);
  }
  if (arguments.front() == "re-erase") {
    return tenant::ReErase({arguments.begin() + 1, arguments.end()}, people);
  }
  if (arguments.front() == "create-platform-admin") {
    return tenant::CreatePlatformAdmin({arguments.begin() + 1, arguments.end()}, database,
                                       credentials);
  }
  if (arguments.front() == "verify-audit") {
    pg::DatabaseOf<tenant::AuditStore, tenant::PgAuditStore> audit(pool, "tenant");
    return tenant::VerifyAudit({arguments.begin() + 1, arguments.end()}, audit, database,
                               tenant::AuditDigest);
  }
  return absl::InvalidArgumentError(
      "usage: tenant-svc [--check-config | create-platform-admin --email E --password-file F | "
      "verify-audit [--chain ID] | re-erase --since T [--log F]]");
}

}  // namespace

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("tenant-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
