#pragma once

#include "cartwise/pg/once.hpp"
#include "cartwise/pg/pool.hpp"
#include "domain/store.hpp"

namespace cartwise::rental {

/// Store on PostgreSQL, within one transaction.
class PgStore final : public Store {
 public:
  explicit PgStore(pg::Transaction& tx) : tx_(tx) {}

  // pg_carts.cpp
  absl::StatusOr<Branch> FindBranch(const BranchId& id) override;
  absl::StatusOr<Controller> FindController(const Branch& branch, const ControllerId& id) override;
  absl::StatusOr<std::vector<Cart>> ListCarts(const Branch& branch,
                                              std::optional<CartStatus> status,
                                              const PageRequest& page) override;
  absl::StatusOr<Cart> FindCart(const Branch& branch, const CartId& id) override;
  absl::StatusOr<Cart> LockCart(const Branch& branch, const CartId& id) override;
  absl::StatusOr<std::vector<Cart>> FindClashes(const Branch& branch,
                                                const std::vector<Cart>& wanted) override;
  absl::Status InsertCart(const Cart& cart) override;
  absl::Status UpdateCart(const Cart& cart) override;
  absl::Status DeleteCart(const Cart& cart) override;
  absl::Status Announce(const std::string& type, const Cart& cart, const Caller& caller) override;

  // pg_rentals.cpp
  absl::StatusOr<Rental> FindRental(const RentalId& id) override;
  absl::StatusOr<RentalInHand> LockOpenRental(const Branch& branch,
                                              const RentalChoice& choice) override;
  absl::StatusOr<Rental> EndRental(const Rental& rental, const Ending& ending,
                                   const Caller& caller) override;
  absl::StatusOr<std::vector<Rental>> ListActive(const Branch& branch,
                                                 const PageRequest& page) override;
  absl::StatusOr<std::vector<Rental>> ListHistory(const Branch& branch, const HistoryFilter& filter,
                                                  const PageRequest& page) override;
  absl::StatusOr<std::vector<Rental>> ListOfPhone(const PhoneHashes& phone,
                                                  const PageRequest& page) override;
  absl::StatusOr<RentalFigures> CountRentals(const Branch& branch, absl::Time from,
                                             absl::Time until) override;
  absl::StatusOr<BranchFigures> CountBranch(const Branch& branch) override;

  absl::StatusOr<std::optional<EarlierUnlock>> InsertStaffUnlock(const Caller& caller,
                                                                 const Cart& cart,
                                                                 const UnlockOrder& order,
                                                                 absl::Time now) override;
  absl::Status SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                 const CommandOutcome& outcome) override;

 private:
  pg::Transaction& tx_;
};

using PgRentalDatabase = pg::DatabaseOf<Store, PgStore>;

}  // namespace cartwise::rental
