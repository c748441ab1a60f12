#include "domain/personal_data.hpp"

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

constexpr int kMostRentals = 5000;

}  // namespace

absl::StatusOr<std::vector<Rental>> PersonalData::Export(const ChainId& chain,
                                                         const std::string& phone,
                                                         absl::Time deadline) const {
  return store_.RentalsOf(chain, vault_.Hashes(phone), kMostRentals, deadline);
}

absl::StatusOr<Erased> PersonalData::Erase(const ErasureOrder& order, absl::Time deadline) const {
  if (order.phone.empty() && order.handle.empty()) {
    return errors::InvalidField("phone", "or handle is required");
  }
  const PhoneHashes phone = order.handle.empty() ? vault_.Hashes(order.phone)
                                                 : PhoneHashes(absl::StrSplit(order.handle, '+'));
  Erased erased{.handle = absl::StrJoin(phone, "+")};
  CW_ASSIGN_OR_RETURN(const bool open, store_.HasOpenRental(order.chain, phone, deadline));
  if (open) {
    return errors::Refuse(absl::StatusCode::kFailedPrecondition, reasons::kShopperHasRental,
                          "this phone number has a cart now; bring it back or end the rental, then "
                          "erase");
  }
  if (order.check_only) return erased;
  CW_ASSIGN_OR_RETURN(erased.rows, store_.Erase(order.chain, phone, deadline));
  return erased;
}

}  // namespace cartwise::rental
