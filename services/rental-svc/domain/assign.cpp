#include "domain/assign.hpp"

#include <algorithm>

#include "cartwise/base/audit.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/refusals.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/phone/mobile.hpp"
#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

using Kind = TakeResult::Kind;

constexpr int kLooksInARace = 3;

absl::Status WhyNot(Kind kind) {
  constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;
  switch (kind) {
    case Kind::kBranchNotFound:
      return reasons::BranchNotFound();
    case Kind::kBranchInactive:
      return errors::Refuse(kPrecondition, reasons::kBranchInactive,
                            "the branch rents no carts now");
    case Kind::kShopperHasRental:
      return errors::Refuse(kPrecondition, reasons::kShopperHasRental,
                            "this phone number has a cart of this chain already");
    case Kind::kDeviceOffline:
      return errors::Refuse(kPrecondition, reasons::kDeviceOffline,
                            "carts are free, but their locks cannot be reached now");
    case Kind::kTaken:
    case Kind::kSeenBefore:
    case Kind::kNoFreeCart:
    case Kind::kRaced:
      break;
  }
  return errors::Refuse(kPrecondition, reasons::kNoFreeCart, "every cart of the branch is out");
}

absl::Status LockJammed() {
  return errors::Refuse(absl::StatusCode::kFailedPrecondition, reasons::kLockJammed,
                        "the locks stayed closed; staff have been told");
}

absl::Status NobodyKnows(const Rental& rental) {
  return errors::WithDetail(
      errors::Refuse(
          absl::StatusCode::kUnavailable, reasons::kUnlockUnconfirmed,
          "nobody knows yet whether the lock opened; look at the rental, do not try again"),
      "rental_id", rental.id.value());
}

// What is begun is brought to its end, also when the client has left.
Caller Lasting(const Caller& caller, const Clock& clock) {
  Caller lasting = caller;
  lasting.deadline = std::max(caller.deadline, clock.Now() + absl::Seconds(10));
  return lasting;
}

}  // namespace

absl::StatusOr<std::string> ShopperPhone(const Caller& caller, const std::string& typed) {
  if (caller.principal != Principal::kShopper) return phone::ParseMobile("user_phone", typed);
  if (typed.empty()) return caller.phone;
  CW_ASSIGN_OR_RETURN(std::string phone, phone::ParseMobile("user_phone", typed));
  if (phone != caller.phone) return errors::InvalidField("user_phone", "must be your own number");
  return phone;
}

std::string RequesterOf(const Caller& caller) {
  return ActorOf(caller);
}

std::string EndReasonOf(const CommandOutcome& outcome) {
  if (outcome.state == CommandState::kFailed) {
    return outcome.reason == ends::kAlreadyOpen ? ends::kAlreadyOpen : ends::kLockJammed;
  }
  return outcome.reason.rfind("DEVICE_", 0) == 0 ? ends::kDeviceOffline : ends::kDropped;
}

absl::StatusOr<Rental> AnswerOf(const Rental& rental) {
  if (rental.opened_at) return rental.AsOpened();
  switch (rental.status) {
    case RentalStatus::kOpening:
      return errors::RequestInProgress();
    case RentalStatus::kNotOpened:
      return LockJammed();
    case RentalStatus::kCancelled:
      return WhyNot(Kind::kDeviceOffline);
    case RentalStatus::kUnconfirmed:
      return NobodyKnows(rental);
    default:
      return errors::WithDetail(
          errors::Refuse(absl::StatusCode::kFailedPrecondition, reasons::kRentalNotOpen,
                         "staff have ended the rental; nobody saw its lock open"),
          "rental_id", rental.id.value());
  }
}

absl::StatusOr<Rental> Assignment::Assign(const Caller& caller, const NewRental& want) {
  if (caller.HasRoles() && !caller.MayIn(want.branch, Role::kOperator)) {
    return WhyNot(Kind::kBranchNotFound);
  }
  CW_ASSIGN_OR_RETURN(const std::string phone, ShopperPhone(caller, want.phone));
  errors::FieldErrors faults;
  CheckText(faults, "notes", want.notes, 0, 500, /*lines=*/true);
  CW_RETURN_IF_ERROR(faults.ToStatus());
  CW_ASSIGN_OR_RETURN(TakeResult first,
                      TakeFirst(caller, MakeTaking(caller, want, phone, /*attempt=*/1)));
  if (first.kind == Kind::kSeenBefore) return AnswerAgain(caller, want, std::move(first));
  if (first.kind != Kind::kTaken) return WhyNot(first.kind);
  return OpenOneAfterAnother(caller, want, phone, std::move(first.rental));
}

Taking Assignment::MakeTaking(const Caller& caller, const NewRental& want, const std::string& phone,
                              int attempt) {
  const RentalId id = RentalId::New();
  return Taking{.branch = want.branch,
                .rental = id,
                .phone = vault_.Seal(phone, id),
                .notes = want.notes,
                .requested_by = RequesterOf(caller),
                .now = clock_.Now(),
                .attempt = attempt};
}

absl::StatusOr<TakeResult> Assignment::TakeFirst(const Caller& caller, const Taking& want) {
  TakeResult result;
  result.kind = Kind::kRaced;
  for (int look = 0; look < kLooksInARace && result.kind == Kind::kRaced; ++look) {
    auto taken = rack_.Take(caller, want);
    // A twin of this very request was quicker: the next look finds its key.
    if (absl::IsAlreadyExists(taken.status())) continue;
    if (!taken.ok()) return taken;
    result = *std::move(taken);
  }
  return result;
}

absl::StatusOr<Rental> Assignment::OpenOneAfterAnother(const Caller& caller, const NewRental& want,
                                                       const std::string& phone, Rental rental) {
  for (;;) {
    // "shopper", not which one: the record of commands holds nothing to erase.
    const CommandOutcome outcome =
        devices_.Unlock(OrderFor(rental, caller.Label(), caller.trace_id),
                        clock_.Now() + kOutcomeWait, [&] { rack_.Rehearse(caller, rental); });
    switch (outcome.state) {
      case CommandState::kSucceeded:
        return Opened(caller, std::move(rental));
      case CommandState::kDropped:
      case CommandState::kRejected:
        return NothingHappened(caller, rental, outcome);
      case CommandState::kSent:
      case CommandState::kUnknown:
        return Unconfirmed(caller, rental);
      case CommandState::kFailed:
        break;
    }
    const std::string end_reason = EndReasonOf(outcome);
    const Caller lasting = Lasting(caller, clock_);
    if (rental.attempt >= kMostCarts || clock_.Now() >= caller.deadline) {
      return AsSettled(lasting, rental, rack_.Jam(lasting, rental, end_reason), LockJammed());
    }
    auto next = rack_.JamAndTake(lasting, rental, end_reason,
                                 MakeTaking(caller, want, phone, rental.attempt + 1));
    if (!next.ok()) return NobodyKnows(rental);
    if (next->kind == Kind::kShopperHasRental)
      return AsSettled(lasting, rental, /*moved=*/false, absl::OkStatus());
    if (next->kind != Kind::kTaken) return LockJammed();
    rental = std::move(next->rental);
  }
}

absl::StatusOr<Rental> Assignment::Opened(const Caller& caller, Rental rental) {
  const absl::Time at = clock_.Now();
  const Caller lasting = Lasting(caller, clock_);
  const auto moved = rack_.Activate(lasting, rental, at);
  if (!moved.ok()) return NobodyKnows(rental);  // recovery will learn that it opened
  if (*moved) {
    rental.opened_at = at;
    return rental.AsOpened();
  }
  return AsSettled(lasting, rental, /*moved=*/false, absl::OkStatus());
}

absl::StatusOr<Rental> Assignment::NothingHappened(const Caller& caller, const Rental& rental,
                                                   const CommandOutcome& outcome) {
  const std::string end_reason = EndReasonOf(outcome);
  absl::Status answer = reasons::NothingOpened();
  if (!outcome.reason.empty()) {
    answer = errors::WithDetail(std::move(answer), "device_reason", outcome.reason);
  }
  const Caller lasting = Lasting(caller, clock_);
  return AsSettled(lasting, rental, rack_.Cancel(lasting, rental, end_reason), answer);
}

absl::StatusOr<Rental> Assignment::Unconfirmed(const Caller& caller, const Rental& rental) {
  const Caller lasting = Lasting(caller, clock_);
  return AsSettled(lasting, rental, rack_.Doubt(lasting, rental), NobodyKnows(rental));
}

// `answer` when our step was taken; otherwise a lock event or the recovery was
// quicker, and the rental as it stands is the answer.
absl::StatusOr<Rental> Assignment::AsSettled(const Caller& lasting, const Rental& rental,
                                             const absl::StatusOr<bool>& moved,
                                             const absl::Status& answer) {
  if (!moved.ok()) return NobodyKnows(rental);
  if (*moved) return answer;
  const auto settled = rack_.Find(lasting, rental);
  if (!settled.ok()) return NobodyKnows(rental);
  return AnswerOf(*settled);
}

absl::StatusOr<Rental> Assignment::AnswerAgain(const Caller& caller, const NewRental& want,
                                               TakeResult earlier) {
  if (caller.once != nullptr && earlier.request_hash != caller.once->RequestHash()) {
    return errors::IdempotencyKeyReused();
  }
  if (earlier.rental.status == RentalStatus::kOpening) {
    // The twin is still at it; its client's patience is ours.
    const absl::Time until =
        std::min(caller.deadline - absl::Milliseconds(500), clock_.Now() + absl::Seconds(20));
    CW_ASSIGN_OR_RETURN(auto settled, rack_.AwaitEarlier(caller, want.branch, until));
    if (!settled) return WhyNot(Kind::kDeviceOffline);
    earlier = *std::move(settled);
  }
  return AnswerOf(earlier.rental);
}

}  // namespace cartwise::rental
