#include "commands/reseal_phones.hpp"

#include <cstdio>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cartwise/base/status_macros.hpp"
#include "domain/reseal.hpp"
#include "storage/aes_phone_vault.hpp"
#include "storage/look_up_keys.hpp"
#include "storage/pg_sealed_phones.hpp"

namespace cartwise::rental {

absl::Status ResealPhonesCommand(const Config& config, const std::vector<std::string>& arguments) {
  if (!arguments.empty()) return absl::InvalidArgumentError("usage: rental-svc reseal-phones");
  CW_ASSIGN_OR_RETURN(const AesPhoneVault vault, AesPhoneVault::FromKeys(config.phone_key));
  obs::Metrics metrics;
  pg::Pool pool(config.database, metrics);
  PgSealedPhones phones(pool);
  CW_ASSIGN_OR_RETURN(const ResealProgress done,
                      ResealPhones(phones, vault, [](const ResealProgress& progress) {
                        std::printf("%d resealed, %d left\n", progress.resealed, progress.left);
                        std::fflush(stdout);
                      }));
  std::printf("%d resealed, %d left; done\n", done.resealed, done.left);
  const std::string needed =
      absl::StrJoin(done.needed, ", ",
                    [](std::string* out, const std::string& tag) { *out += LookUpKeyName(tag); });
  std::printf("phones are found by the key %s alone%s\n", LookUpKeyName(vault.NewestTag()).c_str(),
              needed.empty() ? "" : absl::StrCat(" but for rentals of: ", needed).c_str());
  if (!done.unopened.ok()) {
    return absl::Status(done.unopened.code(), absl::StrCat(done.left, " phones cannot be opened: ",
                                                           std::string(done.unopened.message())));
  }
  if (done.left == 0 && needed.empty()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat(done.left,
                   " phones were sealed under an older key meanwhile; restart every "
                   "rental-svc with the new first key, then run this again"));
}

}  // namespace cartwise::rental
