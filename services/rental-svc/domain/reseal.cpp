#include "domain/reseal.hpp"

#include <algorithm>
#include <utility>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {
namespace {

// An assignment waits for the rows of one batch at most.
constexpr int kBatch = 200;
constexpr char kBeforeAll[] = "00000000-0000-0000-0000-000000000000";

absl::Status Make(const PhoneVault& vault, SealedRental& rental) {
  CW_ASSIGN_OR_RETURN(const std::string phone, vault.Open(rental.sealed, rental.id));
  SealedPhone fresh = vault.Seal(phone, rental.id);
  rental.resealed = std::move(fresh.sealed);
  rental.rehashed = std::move(fresh.hashes.front());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ResealProgress> ResealPhones(SealedPhones& phones, const PhoneVault& vault,
                                            absl::FunctionRef<void(const ResealProgress&)> tell) {
  const NewestKeys keys{vault.SealedPrefix(), vault.NewestTag()};
  CW_RETURN_IF_ERROR(phones.Guard(keys.tag, [&](std::vector<SealedRental>& open) -> absl::Status {
    for (SealedRental& rental : open) CW_RETURN_IF_ERROR(Make(vault, rental));
    return absl::OkStatus();
  }));
  ResealProgress progress;
  CW_ASSIGN_OR_RETURN(progress.left, phones.CountOthers(keys));
  SealedRental last{ChainId(kBeforeAll), RentalId(kBeforeAll), "", "", "", ""};
  for (;;) {
    CW_ASSIGN_OR_RETURN(std::vector<SealedRental> batch, phones.Next(keys, last, kBatch));
    if (batch.empty()) break;
    last = batch.back();
    std::vector<SealedRental> opened;
    for (SealedRental& rental : batch) {
      const absl::Status made = Make(vault, rental);
      progress.unopened.Update(made);
      if (made.ok()) opened.push_back(std::move(rental));
    }
    CW_ASSIGN_OR_RETURN(const int replaced, phones.Replace(opened));
    progress.resealed += replaced;
    progress.left = std::max(0, progress.left - replaced);
    tell(progress);
  }
  // Somebody may have sealed under an older key meanwhile.
  CW_ASSIGN_OR_RETURN(progress.left, phones.CountOthers(keys));
  CW_ASSIGN_OR_RETURN(progress.needed, phones.ForgetOtherKeys(keys.tag));
  return progress;
}

}  // namespace cartwise::rental
