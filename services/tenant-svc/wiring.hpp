#pragma once

#include <memory>
#include <vector>

#include <absl/status/statusor.h>

#include "adapters/credentials.hpp"
#include "adapters/erasure_lines.hpp"
#include "adapters/factor_secrets.hpp"
#include "adapters/otp_secrets.hpp"
#include "adapters/phone_seal.hpp"
#include "cartwise/auth/key_folder.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/once.hpp"
#include "config.hpp"
#include "domain/personal_data.hpp"
#include "storage/pg_audit_store.hpp"
#include "storage/pg_erasures.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {

/// What serving and every command stand on, each part on those above it.
struct Wiring {
  /// INVALID_ARGUMENT when a key of the settings cannot be used.
  static absl::StatusOr<std::unique_ptr<Wiring>> Make(const Config& config);

  const SystemClock clock;
  obs::Metrics metrics;
  pg::Pool pool;
  pg::DatabaseOf<Store, PgStore> database{pool, "tenant"};
  pg::DatabaseOf<AuditStore, PgAuditStore> audit{pool, "tenant"};
  pg::DatabaseOf<ErasureStore, PgErasures> erasures{pool, "tenant"};

  const std::unique_ptr<auth::OwnKeys> keys;
  SignedCredentials credentials{[this] { return keys->Current(); }};
  KeyedOtpSecrets otp_secrets;
  KeyedFactorSecrets factors;
  const KeyedPhoneSeal seal;

  /// Everybody who holds personal data: the services of the settings, then this one, which forgets
  /// the phone last.
  const std::vector<std::unique_ptr<DataHolder>> holders;
  ErasureLines witness;
  PersonalData people;

  Wiring(const Config& config, std::unique_ptr<auth::OwnKeys> own_keys,
         const auth::PhoneSecrets& phone_secrets, KeyedOtpSecrets otp);
};

}  // namespace cartwise::tenant
