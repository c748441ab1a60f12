#include "domain/reasons.hpp"

#include "cartwise/base/errors.hpp"

namespace cartwise::rental::reasons {

absl::Status BranchNotFound() {
  return errors::NotFound(kBranchNotFound, "no such branch");
}

absl::Status RentalNotFound() {
  return errors::NotFound(kRentalNotFound, "no such rental");
}

absl::Status NothingOpened() {
  return errors::Refuse(absl::StatusCode::kFailedPrecondition, kDeviceOffline,
                        "the lock's device did not take the command; nothing was opened");
}

}  // namespace cartwise::rental::reasons
