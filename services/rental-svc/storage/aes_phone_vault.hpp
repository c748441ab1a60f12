#pragma once

#include <string>
#include <string_view>

#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// Phone numbers under keys derived from one secret: HMAC-SHA-256 for looking
/// up, AES-256-GCM for keeping, bound to the rental they belong to.
class AesPhoneVault final : public PhoneVault {
 public:
  /// `secret`: 32 bytes as 64 hex digits. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<AesPhoneVault> FromHex(std::string_view secret);

  std::string Hash(const std::string& e164) const override;
  SealedPhone Seal(const std::string& e164, const RentalId& rental) const override;
  absl::StatusOr<std::string> Open(const std::string& sealed,
                                   const RentalId& rental) const override;

 private:
  explicit AesPhoneVault(std::string_view secret);

  std::string lookup_key_;
  std::string sealing_key_;
};

}  // namespace cartwise::rental
