#include "domain/staff_unlock.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"
#include "domain/rentals.hpp"

namespace cartwise::rental {
namespace {

constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr absl::Duration kTwinWithin = absl::Seconds(30);

absl::Status WhyNot(const CommandOutcome& outcome) {
  switch (outcome.state) {
    case CommandState::kSucceeded:
      return absl::OkStatus();
    case CommandState::kFailed:
      if (outcome.reason == ends::kAlreadyOpen) return absl::OkStatus();  // as was wanted
      return errors::Refuse(kPrecondition, reasons::kLockJammed,
                            "the lock stayed closed when it was told to open");
    case CommandState::kDropped:
    case CommandState::kRejected:
      return reasons::NothingOpened();
    case CommandState::kSent:
    case CommandState::kUnknown:
      break;
  }
  return errors::Refuse(absl::StatusCode::kUnavailable, reasons::kUnlockUnconfirmed,
                        "nobody knows yet whether the lock opened; look at the cart");
}

absl::Status CheckMayOpen(const Cart& cart) {
  if (cart.status == CartStatus::kInUse) {
    return errors::Refuse(kPrecondition, reasons::kCartInUse, "the cart is out");
  }
  if (cart.online) return absl::OkStatus();
  return errors::Refuse(kPrecondition, reasons::kDeviceOffline, "the lock cannot be reached now");
}

}  // namespace

absl::StatusOr<Cart> StaffUnlocks::Open(const Caller& caller, const StaffUnlock& want) {
  CW_RETURN_IF_ERROR(CheckReason(want.reason));
  Caller mine = caller;
  mine.once = nullptr;  // a repeat is told by its command id
  Branch branch;
  UnlockOrder order;
  std::optional<EarlierUnlock> earlier;
  CW_RETURN_IF_ERROR(database_.Write(mine, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(branch, store.FindBranch(want.branch));
    CW_ASSIGN_OR_RETURN(const Cart cart, store.LockCart(branch, want.cart));
    CW_ASSIGN_OR_RETURN(const Controller controller, store.FindController(branch, cart.controller));
    order = UnlockOrder{.command = want.command,
                        .chain = cart.chain,
                        .device = controller.device,
                        .controller = cart.controller,
                        .lock = cart.locker_id,
                        .requested_by = caller.Label(),
                        .purpose = want.reason,
                        .trace_id = caller.trace_id};
    CW_ASSIGN_OR_RETURN(earlier, store.InsertStaffUnlock(caller, cart, order, clock_.Now()));
    // A refusal undoes it; a repeat gets its answer, whatever became of the cart since.
    return earlier ? absl::OkStatus() : CheckMayOpen(cart);
  }));
  CW_ASSIGN_OR_RETURN(const CommandOutcome outcome, OutcomeOf(order, earlier));
  Cart cart;
  mine.deadline = std::max(mine.deadline, clock_.Now() + absl::Seconds(5));
  CW_RETURN_IF_ERROR(database_.Write(mine, [&](Store& store) -> absl::Status {
    // The cart before the opening, as whoever carries out its hook's word.
    CW_RETURN_IF_ERROR(store.LockCart(branch, want.cart).status());
    CW_RETURN_IF_ERROR(store.SettleStaffUnlock(order.chain, order.command, outcome));
    CW_ASSIGN_OR_RETURN(cart, store.FindCart(branch, want.cart));
    return absl::OkStatus();
  }));
  CW_RETURN_IF_ERROR(WhyNot(outcome));
  return cart;
}

// A repeat opens nothing that the first try did not: what was allowed then may be forbidden now.
absl::StatusOr<CommandOutcome> StaffUnlocks::OutcomeOf(
    const UnlockOrder& order, const std::optional<EarlierUnlock>& earlier) {
  const absl::Time until = clock_.Now() + kOutcomeWait;
  if (!earlier) return devices_.Unlock(order, until, [] {});
  const CommandState state = earlier->outcome.state;
  if (state != CommandState::kSent && state != CommandState::kUnknown) return earlier->outcome;
  // Its twin may be on the way to the device; nobody else gets the cart for a minute.
  if (clock_.Now() < earlier->requested_at + kTwinWithin) {
    return devices_.Unlock(order, until, [] {});
  }
  return devices_.LookUp(order.chain, order.command, until);
}

}  // namespace cartwise::rental
