#include "domain/rentals.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "cartwise/phone/mobile.hpp"
#include "domain/lock_rules.hpp"
#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

bool IsShopper(const Caller& caller) {
  return caller.principal == Principal::kShopper;
}

// While the lock is being opened, the outcome decides, and nobody else.
absl::Status CheckNotOpening(const Rental& rental) {
  if (rental.status != RentalStatus::kOpening) return absl::OkStatus();
  return errors::Refuse(kPrecondition, reasons::kRentalOpening,
                        "the lock is being opened right now; try again in some seconds");
}

absl::Status CheckHookClosed(const RentalInHand& hand) {
  if (!hand.online) {
    return errors::Refuse(kPrecondition, reasons::kDeviceOffline,
                          "the lock cannot be read now; the return is noticed when it can");
  }
  if (hand.is_locked && hand.rental.opened_at) return absl::OkStatus();
  return errors::Refuse(kPrecondition, reasons::kCartNotLocked,
                        "the cart is not in its lock; push it in until it clicks");
}

absl::StatusOr<RentalChoice> ChoiceOf(const Caller& caller, const PhoneVault& vault,
                                      const ReturnByHand& want) {
  RentalChoice choice{
      .branch = want.branch, .id = want.id, .cart_number = want.cart_number, .phone_hashes = {}};
  if (IsShopper(caller)) {
    choice.phone_hashes = vault.Hashes(caller.phone);
    return choice;
  }
  if (!want.phone.empty()) {
    CW_ASSIGN_OR_RETURN(const std::string phone, phone::ParseMobile("user_phone", want.phone));
    choice.phone_hashes = vault.Hashes(phone);
  }
  if (choice.id.empty() && choice.cart_number == 0 && choice.phone_hashes.empty()) {
    return errors::InvalidField("rental_id", "or cart_number or user_phone is required");
  }
  return choice;
}

Ending EndingBy(const Caller& caller, const RentalInHand& hand, const char* reason,
                const std::string& note, absl::Time now) {
  const absl::Time at = std::max(now, hand.rental.start_time);
  return Ending{.status = ReturnedStatus(hand.rental, at, hand.offline_credit),
                .at = at,
                .reason = reason,
                .by = caller.Label(),
                .note = note,
                // A cart that is not in its lock, or may not be, must be looked for.
                .cart = hand.is_locked && hand.rental.opened_at ? CartStatus::kAvailable
                                                                : CartStatus::kMaintenance};
}

}  // namespace

absl::Status CheckReason(const std::string& reason) {
  errors::FieldErrors faults;
  CheckText(faults, "reason", reason, 3, 500);
  return faults.ToStatus();
}

absl::StatusOr<Rental> ReturnCart(Store& store, const Caller& caller, const PhoneVault& vault,
                                  const ReturnByHand& want, absl::Time now) {
  if (!IsShopper(caller)) CW_RETURN_IF_ERROR(CheckReason(want.reason));
  CW_ASSIGN_OR_RETURN(const RentalChoice choice, ChoiceOf(caller, vault, want));
  CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(want.branch));
  CW_ASSIGN_OR_RETURN(const RentalInHand hand, store.LockOpenRental(branch, choice));
  if (IsShopper(caller)) {
    CW_RETURN_IF_ERROR(CheckHookClosed(hand));
    return store.EndRental(hand.rental, EndingBy(caller, hand, ends::kShopper, "", now), caller);
  }
  CW_RETURN_IF_ERROR(CheckNotOpening(hand.rental));
  return store.EndRental(hand.rental, EndingBy(caller, hand, ends::kStaff, want.reason, now),
                         caller);
}

absl::StatusOr<Rental> ForceComplete(Store& store, const Caller& caller, const RentalId& id,
                                     const std::string& reason, absl::Time now) {
  CW_RETURN_IF_ERROR(CheckReason(reason));
  CW_ASSIGN_OR_RETURN(const Rental rental, store.FindRental(id));
  if (!caller.MayIn(rental.branch, Role::kOperator)) return reasons::RentalNotFound();
  // Also when the branch is deleted by now.
  const Branch branch{.chain = rental.chain, .id = rental.branch, .time_zone = ""};
  const auto hand = store.LockOpenRental(
      branch, {.branch = rental.branch, .id = id, .cart_number = 0, .phone_hashes = {}});
  if (absl::IsNotFound(hand.status())) {
    return errors::Refuse(kPrecondition, reasons::kRentalNotOpen, "the rental has ended already");
  }
  CW_RETURN_IF_ERROR(hand.status());
  CW_RETURN_IF_ERROR(CheckNotOpening(hand->rental));
  return store.EndRental(hand->rental, EndingBy(caller, *hand, ends::kForced, reason, now), caller);
}

absl::StatusOr<Rental> GetRental(Store& store, const Caller& caller, const PhoneVault& vault,
                                 const RentalId& id) {
  CW_ASSIGN_OR_RETURN(const Rental rental, store.FindRental(id));
  if (IsShopper(caller)) {
    const auto phone = vault.Open(rental.phone_sealed, rental.id);
    if (!phone.ok() || *phone != caller.phone) return reasons::RentalNotFound();
  } else if (!caller.MayIn(rental.branch, Role::kViewer)) {
    return reasons::RentalNotFound();
  }
  return rental;
}

bool MaySeePhones(const Caller& caller, const BranchId& branch) {
  return caller.HasRoles() && caller.MayIn(branch, Role::kOperator);
}

absl::Status CheckMaySeePhones(const Caller& caller, const BranchId& branch) {
  if (MaySeePhones(caller, branch)) return absl::OkStatus();
  return errors::Refuse(absl::StatusCode::kPermissionDenied, reasons::kNotAllowed,
                        "who may not see phone numbers may not look for one");
}

std::string ShownPhone(const Caller& caller, const PhoneVault& vault, const Rental& rental) {
  const bool may_see = IsShopper(caller) || MaySeePhones(caller, rental.branch);
  if (!may_see) return rental.phone_masked;
  const auto phone = vault.Open(rental.phone_sealed, rental.id);
  if (!phone.ok() || (IsShopper(caller) && *phone != caller.phone)) return rental.phone_masked;
  return *phone;
}

}  // namespace cartwise::rental
