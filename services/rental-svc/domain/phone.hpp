#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// An Israeli mobile number as E.164 (`+9725` and eight digits), from what
/// people type: national (`050-234-5678`), with 972, 00972 or +972, a stray 0
/// after the country code, blanks, dashes and brackets, full-width and
/// Arabic-Indic digits. INVALID_ARGUMENT naming `field` for everything else.
absl::StatusOr<std::string> ParseMobile(std::string_view field, std::string_view text);

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
};

}  // namespace cartwise::rental
