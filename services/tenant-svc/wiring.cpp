#include "wiring.hpp"

#include <utility>

#include "adapters/holder_client.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/server.hpp"
#include "storage/pg_sign_in_holder.hpp"

namespace cartwise::tenant {
namespace {

std::vector<std::unique_ptr<DataHolder>> HoldersOf(const Config& config, pg::Pool& pool,
                                                   OtpSecrets& secrets) {
  std::vector<std::unique_ptr<DataHolder>> holders;
  for (const auto& [name, target] : config.data_holders) {
    holders.push_back(
        std::make_unique<HolderClient>(name, rpc::Connect(target, name, config.server.tls)));
  }
  holders.push_back(std::make_unique<PgSignInHolder>(pool, secrets));
  return holders;
}

std::vector<DataHolder*> Lent(const std::vector<std::unique_ptr<DataHolder>>& holders) {
  std::vector<DataHolder*> lent;
  for (const auto& holder : holders) lent.push_back(holder.get());
  return lent;
}

}  // namespace

Wiring::Wiring(const Config& config, std::unique_ptr<auth::OwnKeys> own_keys,
               const auth::PhoneSecrets& phone_secrets, KeyedOtpSecrets otp)
    : pool(config.database, metrics),
      keys(std::move(own_keys)),
      otp_secrets(std::move(otp)),
      factors(phone_secrets),
      seal(phone_secrets),
      holders(HoldersOf(config, pool, otp_secrets)),
      people({database, erasures, Lent(holders), otp_secrets, seal, witness, clock}) {}

absl::StatusOr<std::unique_ptr<Wiring>> Wiring::Make(const Config& config) {
  static const SystemClock clock;
  CW_ASSIGN_OR_RETURN(auto keys, auth::OwnKeys::Open(config.signing_keys_dir, clock));
  CW_ASSIGN_OR_RETURN(const auto phones, auth::PhoneSecrets::Parse(config.phone_key));
  CW_ASSIGN_OR_RETURN(auto otp, KeyedOtpSecrets::FromKeys(config.phone_key));
  return std::make_unique<Wiring>(config, std::move(keys), phones, std::move(otp));
}

}  // namespace cartwise::tenant
