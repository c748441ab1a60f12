#include "domain/reseal.hpp"

#include <algorithm>
#include <utility>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {
namespace {

// An assignment waits for the rows of one batch at most.
constexpr int kBatch = 200;
constexpr char kBeforeAll[] = "00000000-0000-0000-0000-000000000000";

}  // namespace

absl::StatusOr<ResealProgress> ResealPhones(SealedPhones& phones, const PhoneVault& vault,
                                            absl::FunctionRef<void(const ResealProgress&)> tell) {
  const std::string prefix = vault.SealedPrefix();
  ResealProgress progress;
  CW_ASSIGN_OR_RETURN(progress.left, phones.CountOthers(prefix));
  SealedRental last{ChainId(kBeforeAll), RentalId(kBeforeAll), "", ""};
  for (;;) {
    CW_ASSIGN_OR_RETURN(std::vector<SealedRental> batch, phones.Next(prefix, last, kBatch));
    if (batch.empty()) break;
    last = batch.back();
    std::vector<SealedRental> opened;
    for (SealedRental& rental : batch) {
      const auto phone = vault.Open(rental.sealed, rental.id);
      progress.unopened.Update(phone.status());
      if (!phone.ok()) continue;
      rental.resealed = vault.Seal(*phone, rental.id).sealed;
      opened.push_back(std::move(rental));
    }
    CW_ASSIGN_OR_RETURN(const int replaced, phones.Replace(opened));
    progress.resealed += replaced;
    progress.left = std::max(0, progress.left - replaced);
    tell(progress);
  }
  // Somebody may have sealed under an older key meanwhile.
  CW_ASSIGN_OR_RETURN(progress.left, phones.CountOthers(prefix));
  return progress;
}

}  // namespace cartwise::rental
