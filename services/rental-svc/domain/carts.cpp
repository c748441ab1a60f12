#include "domain/carts.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/reasons.hpp"

namespace cartwise::rental {
namespace {

constexpr int kHighestNumber = 99'999;
constexpr int kLockers = 16;

absl::Status CheckNew(const NewCarts& want) {
  errors::FieldErrors faults;
  faults.Require(want.count >= 1 && want.count <= kLockers, "count", "must be 1 to 16");
  faults.Require(want.cart_number >= 1 && want.cart_number + want.count - 1 <= kHighestNumber,
                 "cart_number", "must be 1 to 99,999, that of the last cart too");
  faults.Require(want.locker_id >= 1 && want.locker_id + want.count - 1 <= kLockers, "locker_id",
                 "must be 1 to 16, that of the last cart too");
  return faults.ToStatus();
}

absl::Status Taken(const char* reason, const char* what, std::vector<int> numbers) {
  std::sort(numbers.begin(), numbers.end());
  const std::string list = absl::StrJoin(numbers, ", ");
  return errors::WithDetail(errors::Refuse(absl::StatusCode::kAlreadyExists, reason,
                                           absl::StrCat(what, " ", list, " taken already")),
                            "taken", list);
}

// Every number that is taken is named, not only the first.
absl::Status CheckClashes(Store& store, const Branch& branch, const std::vector<Cart>& wanted) {
  CW_ASSIGN_OR_RETURN(const std::vector<Cart> clashes, store.FindClashes(branch, wanted));
  std::vector<int> numbers, lockers;
  for (const Cart& other : clashes) {
    for (const Cart& cart : wanted) {
      if (other.id == cart.id) continue;
      if (other.branch == cart.branch && other.cart_number == cart.cart_number) {
        numbers.push_back(cart.cart_number);
      }
      if (other.controller == cart.controller && other.locker_id == cart.locker_id) {
        lockers.push_back(cart.locker_id);
      }
    }
  }
  if (!numbers.empty()) return Taken(reasons::kCartNumberTaken, "cart number", std::move(numbers));
  if (!lockers.empty()) return Taken(reasons::kLockerTaken, "locker", std::move(lockers));
  return absl::OkStatus();
}

absl::Status CartInUse() {
  return errors::Refuse(absl::StatusCode::kFailedPrecondition, reasons::kCartInUse,
                        "the cart is out; it can be changed when it is back");
}

absl::Status CheckChange(const CartChange& change) {
  errors::FieldErrors faults;
  if (change.cart_number) {
    faults.Require(*change.cart_number >= 1 && *change.cart_number <= kHighestNumber, "cart_number",
                   "must be 1 to 99,999");
  }
  if (change.locker_id) {
    faults.Require(*change.locker_id >= 1 && *change.locker_id <= kLockers, "locker_id",
                   "must be 1 to 16");
  }
  if (change.status == CartStatus::kInUse) {
    faults.Add("status", "must be AVAILABLE or MAINTENANCE");
  }
  if (change.maintenance_notes) {
    CheckText(faults, "maintenance_notes", *change.maintenance_notes, 0, 1000, /*lines=*/true);
  }
  return faults.ToStatus();
}

}  // namespace

absl::StatusOr<std::vector<Cart>> CreateCarts(Store& store, const Caller& caller,
                                              const NewCarts& want) {
  CW_RETURN_IF_ERROR(CheckNew(want));
  CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(want.branch));
  CW_ASSIGN_OR_RETURN(const Controller controller, store.FindController(branch, want.controller));
  std::vector<Cart> carts;
  for (int i = 0; i < want.count; ++i) {
    Cart cart;
    cart.id = CartId::New();
    cart.chain = branch.chain;
    cart.branch = branch.id;
    cart.controller = controller.id;
    cart.cart_number = want.cart_number + i;
    cart.locker_id = want.locker_id + i;
    carts.push_back(std::move(cart));
  }
  CW_RETURN_IF_ERROR(CheckClashes(store, branch, carts));
  for (Cart& cart : carts) {
    CW_RETURN_IF_ERROR(store.InsertCart(cart));
    CW_RETURN_IF_ERROR(store.Announce("cart.created", cart, caller));
    CW_ASSIGN_OR_RETURN(cart, store.FindCart(branch, cart.id));
  }
  return carts;
}

absl::StatusOr<Cart> UpdateCart(Store& store, const Caller& caller, const CartChange& change) {
  CW_RETURN_IF_ERROR(CheckChange(change));
  CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(change.branch));
  CW_ASSIGN_OR_RETURN(Cart cart, store.LockCart(branch, change.id));
  const bool only_notes =
      !change.cart_number && !change.controller && !change.locker_id && !change.status;
  if (cart.status == CartStatus::kInUse && !only_notes) return CartInUse();

  if (change.controller) {
    CW_ASSIGN_OR_RETURN(const Controller controller,
                        store.FindController(branch, *change.controller));
    cart.controller = controller.id;
  }
  cart.cart_number = change.cart_number.value_or(cart.cart_number);
  cart.locker_id = change.locker_id.value_or(cart.locker_id);
  cart.status = change.status.value_or(cart.status);
  cart.maintenance_notes = change.maintenance_notes.value_or(cart.maintenance_notes);
  CW_RETURN_IF_ERROR(CheckClashes(store, branch, {cart}));
  CW_RETURN_IF_ERROR(store.UpdateCart(cart));
  CW_RETURN_IF_ERROR(store.Announce("cart.updated", cart, caller));
  return store.FindCart(branch, cart.id);
}

absl::Status DeleteCart(Store& store, const Caller& caller, const BranchId& branch_id,
                        const CartId& id) {
  CW_ASSIGN_OR_RETURN(const Branch branch, store.FindBranch(branch_id));
  CW_ASSIGN_OR_RETURN(const Cart cart, store.LockCart(branch, id));
  if (cart.status == CartStatus::kInUse) return CartInUse();
  CW_RETURN_IF_ERROR(store.Announce("cart.deleted", cart, caller));
  return store.DeleteCart(cart);
}

}  // namespace cartwise::rental
