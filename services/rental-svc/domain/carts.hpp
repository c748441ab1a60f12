#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartwise/base/caller.hpp"
#include "domain/store.hpp"

namespace cartwise::rental {

/// One cart, or several with rising numbers and lockers.
struct NewCarts {
  BranchId branch;
  ControllerId controller;
  int cart_number = 0;
  int locker_id = 0;
  int count = 1;
};

/// What changes of a cart; absent parts stay.
struct CartChange {
  BranchId branch;
  CartId id;
  std::optional<int> cart_number;
  std::optional<ControllerId> controller;
  std::optional<int> locker_id;
  std::optional<CartStatus> status;
  std::optional<std::string> maintenance_notes;
};

/// Use cases of CartService; errors as its proto says.

absl::StatusOr<std::vector<Cart>> CreateCarts(Store& store, const Caller& caller,
                                              const NewCarts& want);
absl::StatusOr<Cart> UpdateCart(Store& store, const Caller& caller, const CartChange& change);
absl::Status DeleteCart(Store& store, const Caller& caller, const BranchId& branch,
                        const CartId& id);

}  // namespace cartwise::rental
