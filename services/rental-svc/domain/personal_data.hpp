#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "domain/phone_vault.hpp"
#include "domain/rental.hpp"

namespace cartwise::rental {

/// What is kept of people, by the keyed hashes of their phone. Each call is one
/// transaction that sees one chain; FAILED_PRECONDITION when the hashes are not of
/// every key that a rental may be found by, since the rest would be passed over.
/// Thread-safe.
class PersonStore {
 public:
  virtual ~PersonStore() = default;

  /// Newest first, `most` of them.
  virtual absl::StatusOr<std::vector<Rental>> RentalsOf(const ChainId& chain,
                                                        const PhoneHashes& phone, int most,
                                                        absl::Time deadline) = 0;
  virtual absl::StatusOr<bool> HasOpenRental(const ChainId& chain, const PhoneHashes& phone,
                                             absl::Time deadline) = 0;
  /// Makes the ended rentals nobody's and forgets their Idempotency-Keys; how
  /// many rows that were. Rentals stay to be counted.
  virtual absl::StatusOr<int> Erase(const ChainId& chain, const PhoneHashes& phone,
                                    absl::Time deadline) = 0;
};

/// One erasure, as cartwise.privacy.v1.EraseRequest.
struct ErasureOrder {
  ChainId chain;
  std::string phone;   ///< E.164; empty when `handle` is set
  std::string handle;  ///< what an earlier erasure answered
  bool check_only = false;
};

struct Erased {
  std::string handle;  ///< the hashes of the phone, with '+' between them
  int rows = 0;
};

/// What this service holds of people: told, and erased. Thread-safe.
class PersonalData {
 public:
  PersonalData(PersonStore& store, const PhoneVault& vault) : store_(store), vault_(vault) {}

  /// Their rentals, newest first, at most 5,000.
  absl::StatusOr<std::vector<Rental>> Export(const ChainId& chain, const std::string& phone,
                                             absl::Time deadline) const;
  /// FAILED_PRECONDITION (SHOPPER_HAS_RENTAL).
  absl::StatusOr<Erased> Erase(const ErasureOrder& order, absl::Time deadline) const;

 private:
  PersonStore& store_;
  const PhoneVault& vault_;
};

}  // namespace cartwise::rental
