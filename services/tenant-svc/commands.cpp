#include "commands.hpp"

#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/once.hpp"
#include "create_platform_admin.hpp"
#include "credentials.hpp"
#include "data_holders.hpp"
#include "erasure_lines.hpp"
#include "factor_secrets.hpp"
#include "phone_seal.hpp"
#include "re_erase.hpp"
#include "serve.hpp"
#include "storage/pg_audit_store.hpp"
#include "storage/pg_erasures.hpp"
#include "storage/pg_store.hpp"
#include "verify_audit.hpp"

namespace cartwise::tenant {

absl::Status RunCommand(const Config& config, OtpSecrets& otp_secrets,
                        const std::vector<std::string>& arguments) {
  const SystemClock clock;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::OwnKeys::Open(config.signing_keys_dir, clock));
  SignedCredentials credentials([&keys] { return keys->Current(); });
  obs::Metrics metrics;
  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<Store, PgStore> database(pool, "tenant");
  CW_ASSIGN_OR_RETURN(const auto phone_secrets, auth::PhoneSecrets::Parse(config.phone_key));
  const KeyedPhoneSeal seal(phone_secrets);
  KeyedFactorSecrets factors(phone_secrets);
  const auto holders = MakeDataHolders(config, pool, otp_secrets);
  pg::DatabaseOf<ErasureStore, PgErasures> erasures(pool, "tenant");
  ErasureLines witness;
  PersonalData people({database, erasures, Lent(holders), otp_secrets, seal, witness, clock});
  if (arguments.empty()) {
    return Serve(config, pool, database, credentials, otp_secrets, factors, people, metrics);
  }
  if (arguments.front() == "re-erase") {
    return ReErase({arguments.begin() + 1, arguments.end()}, people);
  }
  if (arguments.front() == "create-platform-admin") {
    return CreatePlatformAdmin({arguments.begin() + 1, arguments.end()}, database, credentials);
  }
  if (arguments.front() == "verify-audit") {
    pg::DatabaseOf<AuditStore, PgAuditStore> audit(pool, "tenant");
    return VerifyAudit({arguments.begin() + 1, arguments.end()}, audit, database, AuditDigest);
  }
  return absl::InvalidArgumentError(
      "usage: tenant-svc [--check-config | create-platform-admin --email E --password-file F | "
      "verify-audit [--chain ID] | re-erase --since T [--log F]]");
}

}  // namespace cartwise::tenant
