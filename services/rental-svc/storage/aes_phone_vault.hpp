#pragma once

#include <string>
#include <string_view>

#include "cartwise/auth/phone_keys.hpp"
#include "domain/phone_vault.hpp"

namespace cartwise::rental {

/// Phone numbers under the keys of one file: HMAC-SHA-256 for looking up,
/// AES-256-GCM for keeping, bound to the rental they belong to.
class AesPhoneVault final : public PhoneVault {
 public:
  /// What the key file holds, see auth::PhoneSecrets. INVALID_ARGUMENT.
  static absl::StatusOr<AesPhoneVault> FromKeys(std::string_view keys);

  PhoneHashes Hashes(const std::string& text) const override { return lookup_keys_.Hashes(text); }
  std::string NewestTag() const override { return lookup_keys_.NewestTag(); }
  SealedPhone Seal(const std::string& e164, const RentalId& rental) const override;
  absl::StatusOr<std::string> Open(const std::string& sealed,
                                   const RentalId& rental) const override;
  std::string SealedPrefix() const override { return sealing_keys_.CurrentPrefix(); }

 private:
  explicit AesPhoneVault(const auth::PhoneSecrets& secrets);

  auth::LookUpKeys lookup_keys_;
  auth::KeyRing sealing_keys_;
};

}  // namespace cartwise::rental
