#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "domain/phone_vault.hpp"
#include "domain/rental.hpp"

namespace cartwise::rental {

/// How many carts one request tries before it gives up.
inline constexpr int kMostCarts = 3;

/// A cart wanted for a shopper.
struct Taking {
  BranchId branch;
  RentalId rental;  ///< new, and the id of the unlock command
  SealedPhone phone;
  std::string notes;
  std::string requested_by;
  absl::Time now;
  int attempt = 1;
};

struct TakeResult {
  enum class Kind {
    kTaken,       ///< `rental` is OPENING, its cart IN_USE
    kSeenBefore,  ///< the Idempotency-Key has `rental` already
    kBranchNotFound,
    kBranchInactive,
    kShopperHasRental,
    kNoFreeCart,
    kDeviceOffline,  ///< carts are free, but none whose device is online
    kRaced,          ///< others were quicker; look again
  };
  Kind kind = Kind::kNoFreeCart;
  Rental rental;
  std::string request_hash;  ///< kSeenBefore: of the earlier request
};

/// The steps of opening a lock for a rental. Each is one transaction that is
/// guarded by the status it starts from, announces itself through the outbox,
/// and answers false when somebody else has settled the rental. Thread-safe.
class Rack {
 public:
  virtual ~Rack() = default;

  /// Takes the free cart that rested longest and writes the rental OPENING
  /// (with the caller's Idempotency-Key), or says why not and writes nothing.
  /// UNAVAILABLE when none of the phone's hashes is of the key that the open
  /// rentals have now.
  virtual absl::StatusOr<TakeResult> Take(const Caller& caller, const Taking& want) = 0;
  /// The rental behind the caller's Idempotency-Key, once it is no longer
  /// OPENING or when `until` has come. Nullopt when the key has none any more.
  virtual absl::StatusOr<std::optional<TakeResult>> AwaitEarlier(const Caller& caller,
                                                                 const BranchId& branch,
                                                                 absl::Time until) = 0;

  /// Does what Activate does, to no rental: what that needs is at hand when it comes.
  virtual void Rehearse(const Caller& caller, const Rental& rental) = 0;
  /// OPENING, UNCONFIRMED -> ACTIVE.
  virtual absl::StatusOr<bool> Activate(const Caller& caller, const Rental& rental,
                                        absl::Time at) = 0;
  /// OPENING -> UNCONFIRMED.
  virtual absl::StatusOr<bool> Doubt(const Caller& caller, const Rental& rental) = 0;
  /// OPENING, UNCONFIRMED -> CANCELLED; cart AVAILABLE, the key free again.
  virtual absl::StatusOr<bool> Cancel(const Caller& caller, const Rental& rental,
                                      const std::string& end_reason) = 0;
  /// OPENING, UNCONFIRMED -> NOT_OPENED; cart MAINTENANCE with an alarm.
  virtual absl::StatusOr<bool> Jam(const Caller& caller, const Rental& rental,
                                   const std::string& end_reason) = 0;
  /// Jam, and Take for the same request, in one transaction.
  virtual absl::StatusOr<TakeResult> JamAndTake(const Caller& caller, const Rental& rental,
                                                const std::string& end_reason,
                                                const Taking& next) = 0;
  /// The rental as it stands. NOT_FOUND (RENTAL_NOT_FOUND).
  virtual absl::StatusOr<Rental> Find(const Caller& caller, const Rental& rental) = 0;
};

}  // namespace cartwise::rental
