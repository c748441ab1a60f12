#pragma once

#include <string>

#include "cartwise/base/caller.hpp"
#include "domain/phone_vault.hpp"
#include "domain/store.hpp"

namespace cartwise::rental {

/// A rental to be ended by hand. One of id, cart_number, phone is required of
/// staff; a shopper has only one rental.
struct ReturnByHand {
  BranchId branch;
  RentalId id;
  int cart_number = 0;
  std::string phone;   ///< as typed
  std::string reason;  ///< required of staff
};

/// Use cases of RentalService but for AssignCart; errors as its proto says.

absl::StatusOr<Rental> ReturnCart(Store& store, const Caller& caller, const PhoneVault& vault,
                                  const ReturnByHand& want, absl::Time now);
absl::StatusOr<Rental> ForceComplete(Store& store, const Caller& caller, const RentalId& id,
                                     const std::string& reason, absl::Time now);
/// A rental the caller may see; any other is as absent.
absl::StatusOr<Rental> GetRental(Store& store, const Caller& caller, const PhoneVault& vault,
                                 const RentalId& id);

/// Whether the caller may see phones of a branch's shoppers, and so look for
/// rentals by one: OPERATOR and above there.
bool MaySeePhones(const Caller& caller, const BranchId& branch);
/// PERMISSION_DENIED (NOT_ALLOWED) for those who may not.
absl::Status CheckMaySeePhones(const Caller& caller, const BranchId& branch);

/// The phone as this caller may see it: whole for its owner and for those who may
/// see phones in the branch, masked for others.
std::string ShownPhone(const Caller& caller, const PhoneVault& vault, const Rental& rental);

/// 3 to 500 characters.
absl::Status CheckReason(const std::string& reason);

}  // namespace cartwise::rental
