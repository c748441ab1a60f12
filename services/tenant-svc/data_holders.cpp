#include "data_holders.hpp"

#include "holder_client.hpp"
#include "storage/pg_sign_in_holder.hpp"

namespace cartwise::tenant {

std::vector<std::unique_ptr<DataHolder>> MakeDataHolders(const Config& config, pg::Pool& pool,
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

}  // namespace cartwise::tenant
