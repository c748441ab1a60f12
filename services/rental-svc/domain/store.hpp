#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/database.hpp"
#include "cartwise/base/page.hpp"
#include "domain/devices.hpp"
#include "domain/phone_vault.hpp"
#include "domain/rental.hpp"

namespace cartwise::rental {

/// A branch as tenant-svc told of it.
struct Branch {
  ChainId chain;
  BranchId id;
  bool active = true;
  std::string time_zone;
};

/// A board as device-svc told of it.
struct Controller {
  ControllerId id;
  BranchId branch;
  DeviceId device;
  bool online = false;
};

/// A rental and what its ending depends on.
struct RentalInHand {
  Rental rental;
  bool is_locked = false;
  bool online = false;
  absl::Duration offline_credit;  ///< time its device was away since the start
};

/// Which open rental of a branch is meant; one of them is set.
struct RentalChoice {
  BranchId branch;
  RentalId id;
  int cart_number = 0;
  PhoneHashes phone_hashes;
};

/// How a person ends a rental.
struct Ending {
  RentalStatus status = RentalStatus::kReturned;
  absl::Time at;
  std::string reason;  ///< ends::
  std::string by;
  std::string note;
  CartStatus cart = CartStatus::kAvailable;
};

struct HistoryFilter {
  BranchId branch;
  std::optional<RentalStatus> status;
  PhoneHashes phone_hashes;  ///< empty: anybody's
  CartId cart;
  std::optional<absl::Time> from;
  std::optional<absl::Time> until;
};

struct RentalFigures {
  int total = 0, active = 0, overdue = 0, returned = 0, returned_late = 0, not_taken = 0,
      not_opened = 0;
  double average_minutes = 0;
  int longest_minutes = 0;
};

struct BranchFigures {
  int carts = 0, available = 0, in_use = 0, maintenance = 0, offline = 0;
  int rentals_open = 0, rentals_overdue = 0, rentals_today = 0;
};

/// A staff opening that is there already.
struct EarlierUnlock {
  CommandOutcome outcome;
  absl::Time requested_at;
};

/// Everything that staff and shoppers ask and change within one transaction,
/// but for openings (Rack). Sees the caller's tenant only.
class Store {
 public:
  virtual ~Store() = default;

  /// NOT_FOUND (BRANCH_NOT_FOUND).
  virtual absl::StatusOr<Branch> FindBranch(const BranchId& id) = 0;
  /// NOT_FOUND (CONTROLLER_NOT_FOUND) unless it hangs in this branch.
  virtual absl::StatusOr<Controller> FindController(const Branch& branch,
                                                    const ControllerId& id) = 0;

  /// By number.
  virtual absl::StatusOr<std::vector<Cart>> ListCarts(const Branch& branch,
                                                      std::optional<CartStatus> status,
                                                      const PageRequest& page) = 0;
  /// NOT_FOUND (CART_NOT_FOUND).
  virtual absl::StatusOr<Cart> FindCart(const Branch& branch, const CartId& id) = 0;
  /// The same, and nobody else changes it before this transaction ends.
  virtual absl::StatusOr<Cart> LockCart(const Branch& branch, const CartId& id) = 0;
  /// Carts of the branch with one of these numbers, and of the controller with
  /// one of these lockers.
  virtual absl::StatusOr<std::vector<Cart>> FindClashes(const Branch& branch,
                                                        const std::vector<Cart>& wanted) = 0;
  /// ALREADY_EXISTS (CART_NUMBER_TAKEN, LOCKER_TAKEN) after a race.
  virtual absl::Status InsertCart(const Cart& cart) = 0;
  virtual absl::Status UpdateCart(const Cart& cart) = 0;
  virtual absl::Status DeleteCart(const Cart& cart) = 0;
  /// Announces `type` with the cart as it is stored, and who did it.
  virtual absl::Status Announce(const std::string& type, const Cart& cart,
                                const Caller& caller) = 0;

  /// NOT_FOUND (RENTAL_NOT_FOUND).
  virtual absl::StatusOr<Rental> FindRental(const RentalId& id) = 0;
  /// The open rental that is meant, locked; NOT_FOUND (RENTAL_NOT_FOUND).
  virtual absl::StatusOr<RentalInHand> LockOpenRental(const Branch& branch,
                                                      const RentalChoice& choice) = 0;
  /// Ends an open rental that was locked before, announces it, and answers it.
  virtual absl::StatusOr<Rental> EndRental(const Rental& rental, const Ending& ending,
                                           const Caller& caller) = 0;
  /// Longest out first.
  virtual absl::StatusOr<std::vector<Rental>> ListActive(const Branch& branch,
                                                         const PageRequest& page) = 0;
  /// Newest first.
  virtual absl::StatusOr<std::vector<Rental>> ListHistory(const Branch& branch,
                                                          const HistoryFilter& filter,
                                                          const PageRequest& page) = 0;
  virtual absl::StatusOr<std::vector<Rental>> ListOfPhone(const PhoneHashes& phone,
                                                          const PageRequest& page) = 0;
  virtual absl::StatusOr<RentalFigures> CountRentals(const Branch& branch, absl::Time from,
                                                     absl::Time until) = 0;
  virtual absl::StatusOr<BranchFigures> CountBranch(const Branch& branch) = 0;

  /// An opening by staff, written and announced before it happens; also one that came to
  /// nothing before. Else how it stands, which changes nothing; INVALID_ARGUMENT
  /// (IDEMPOTENCY_KEY_REUSED) for the same command with another cart or reason.
  virtual absl::StatusOr<std::optional<EarlierUnlock>> InsertStaffUnlock(const Caller& caller,
                                                                         const Cart& cart,
                                                                         const UnlockOrder& order,
                                                                         absl::Time now) = 0;
  /// Its outcome, announced, unless it is known already.
  virtual absl::Status SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                         const CommandOutcome& outcome) = 0;
};

using RentalDatabase = Database<Store>;

}  // namespace cartwise::rental
