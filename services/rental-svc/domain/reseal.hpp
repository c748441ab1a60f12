#pragma once

#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// The phone of one rental, as it is stored and as it is to be.
struct SealedRental {
  ChainId chain;
  RentalId id;
  std::string sealed, hash;
  std::string resealed, rehashed;  ///< set for what writes
};

/// What everything begins with that the newest keys make.
struct NewestKeys {
  std::string prefix;  ///< of sealed phones
  std::string tag;     ///< of hashes
};

/// Sealed and hashed phones of every chain. Thread-safe.
class SealedPhones {
 public:
  using Make = absl::FunctionRef<absl::Status(std::vector<SealedRental>&)>;

  virtual ~SealedPhones() = default;

  /// From its return on, the hashes of all open rentals, and of those that come, are
  /// of the key with this tag. `make` makes those of the open rentals. One
  /// transaction, for which assignments wait; when it fails, nothing has changed.
  virtual absl::Status Guard(const std::string& tag, Make make) = 0;
  /// Phones of other keys than these, by chain and id, after `last`.
  virtual absl::StatusOr<std::vector<SealedRental>> Next(const NewestKeys& keys,
                                                         const SealedRental& last, int most) = 0;
  /// Puts each in the place of what it was made from; who was erased meanwhile
  /// stays erased. How many were replaced.
  virtual absl::StatusOr<int> Replace(const std::vector<SealedRental>& rentals) = 0;
  virtual absl::StatusOr<int> CountOthers(const NewestKeys& keys) = 0;
  /// Forgets the look-up keys that no hash is of; the tags of those that are left
  /// beside this one.
  virtual absl::StatusOr<std::vector<std::string>> ForgetOtherKeys(const std::string& tag) = 0;
};

struct ResealProgress {
  int resealed = 0;
  int left = 0;           ///< of another key than the newest
  absl::Status unopened;  ///< why the first of those that stay closed does
  /// Once it is done: tags of look-up keys that are still needed.
  std::vector<std::string> needed;
};

/// Seals and hashes every phone under the vault's newest keys that is of another,
/// in small batches, beside running services. Begun again it goes on with what
/// is left. `tell` hears after each batch.
absl::StatusOr<ResealProgress> ResealPhones(SealedPhones& phones, const PhoneVault& vault,
                                            absl::FunctionRef<void(const ResealProgress&)> tell);

}  // namespace cartwise::rental
