#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// A phone number as it is stored.
struct SealedPhone {
  std::string hash;    ///< keyed, for looking up
  std::string sealed;  ///< encrypted, bound to its rental
  std::string masked;  ///< for lists, logs and events
};

/// Keeps phone numbers unreadable at rest. Thread-safe.
class PhoneVault {
 public:
  virtual ~PhoneVault() = default;
  virtual std::string Hash(const std::string& e164) const = 0;
  virtual SealedPhone Seal(const std::string& e164, const RentalId& rental) const = 0;
  virtual absl::StatusOr<std::string> Open(const std::string& sealed,
                                           const RentalId& rental) const = 0;
  /// What everything that Seal makes now begins with; another key's differs.
  virtual std::string SealedPrefix() const = 0;
};

}  // namespace cartwise::rental
