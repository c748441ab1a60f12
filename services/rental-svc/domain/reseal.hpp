#pragma once

#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// The sealed phone of one rental.
struct SealedRental {
  ChainId chain;
  RentalId id;
  std::string sealed;
  std::string resealed;  ///< set for Replace
};

/// Sealed phones of every chain. Thread-safe.
class SealedPhones {
 public:
  virtual ~SealedPhones() = default;
  /// Those that do not begin with `prefix`, by chain and id, after `last`.
  virtual absl::StatusOr<std::vector<SealedRental>> Next(const std::string& prefix,
                                                         const SealedRental& last, int most) = 0;
  /// Puts each in the place of what it was made from; who was erased meanwhile
  /// stays erased. How many were replaced.
  virtual absl::StatusOr<int> Replace(const std::vector<SealedRental>& rentals) = 0;
  virtual absl::StatusOr<int> CountOthers(const std::string& prefix) = 0;
};

struct ResealProgress {
  int resealed = 0;
  int left = 0;           ///< sealed under another key than the first
  absl::Status unopened;  ///< why the first of those that stay closed does
};

/// Seals every phone under the vault's first key that is sealed under another,
/// in small batches, beside running services. Begun again it goes on with what
/// is left. `tell` hears after each batch.
absl::StatusOr<ResealProgress> ResealPhones(SealedPhones& phones, const PhoneVault& vault,
                                            absl::FunctionRef<void(const ResealProgress&)> tell);

}  // namespace cartwise::rental
