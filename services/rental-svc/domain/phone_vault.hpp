#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// Keyed hashes of one phone number, one for each look-up key, the newest first.
/// A rental is stored under one of them and found by any.
using PhoneHashes = std::vector<std::string>;

/// A phone number as it is stored.
struct SealedPhone {
  PhoneHashes hashes;  ///< the database chooses, see Rack::Take
  std::string sealed;  ///< encrypted, bound to its rental
  std::string masked;  ///< for lists, logs and events
};

/// Keeps phone numbers unreadable at rest. Thread-safe.
class PhoneVault {
 public:
  virtual ~PhoneVault() = default;
  virtual PhoneHashes Hashes(const std::string& text) const = 0;
  /// What the hashes of the newest look-up key begin with; may be empty.
  virtual std::string NewestTag() const = 0;
  virtual SealedPhone Seal(const std::string& e164, const RentalId& rental) const = 0;
  virtual absl::StatusOr<std::string> Open(const std::string& sealed,
                                           const RentalId& rental) const = 0;
  /// What everything that Seal makes now begins with; another key's differs.
  virtual std::string SealedPrefix() const = 0;
};

}  // namespace cartwise::rental
