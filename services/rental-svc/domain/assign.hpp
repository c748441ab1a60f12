#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "domain/devices.hpp"
#include "domain/phone_vault.hpp"
#include "domain/rack.hpp"
#include "domain/rental.hpp"

namespace cartwise::rental {

/// What a shopper, or staff for a shopper, asks for.
struct NewRental {
  BranchId branch;
  std::string phone;  ///< as typed; may be empty for a shopper
  std::string notes;
};

/// Gives a cart to a shopper: takes it, opens its lock, believes the hook.
/// Thread-safe.
class Assignment {
 public:
  Assignment(Rack& rack, Devices& devices, const PhoneVault& vault, const Clock& clock)
      : rack_(rack), devices_(devices), vault_(vault), clock_(clock) {}

  /// The rental, ACTIVE. Errors as RentalService.AssignCart says.
  absl::StatusOr<Rental> Assign(const Caller& caller, const NewRental& want);

 private:
  absl::StatusOr<TakeResult> TakeFirst(const Caller& caller, const Taking& want);
  Taking MakeTaking(const Caller& caller, const NewRental& want, const std::string& phone,
                    int attempt);
  absl::StatusOr<Rental> OpenOneAfterAnother(const Caller& caller, const NewRental& want,
                                             const std::string& phone, Rental rental);
  absl::StatusOr<Rental> Opened(const Caller& caller, Rental rental);
  absl::StatusOr<Rental> NothingHappened(const Caller& caller, const Rental& rental,
                                         const CommandOutcome& outcome);
  absl::StatusOr<Rental> Unconfirmed(const Caller& caller, const Rental& rental);
  absl::StatusOr<Rental> AsSettled(const Caller& lasting, const Rental& rental,
                                   const absl::StatusOr<bool>& moved, const absl::Status& answer);
  absl::StatusOr<Rental> AnswerAgain(const Caller& caller, const NewRental& want,
                                     TakeResult earlier);

  Rack& rack_;
  Devices& devices_;
  const PhoneVault& vault_;
  const Clock& clock_;
};

/// What a client is told of a rental that is settled, or may still be running.
absl::StatusOr<Rental> AnswerOf(const Rental& rental);

/// The phone to rent for: a shopper's own, or the one staff typed.
absl::StatusOr<std::string> ShopperPhone(const Caller& caller, const std::string& typed);

/// Who asked, for the record and as owner of an Idempotency-Key: Label(), with
/// shoppers told apart.
std::string RequesterOf(const Caller& caller);

/// `end_reason` of a rental whose command failed or came to nothing.
std::string EndReasonOf(const CommandOutcome& outcome);

}  // namespace cartwise::rental
