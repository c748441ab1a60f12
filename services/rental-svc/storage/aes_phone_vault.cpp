#include "storage/aes_phone_vault.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::rental {
namespace {

std::string ContextOf(const RentalId& rental) {
  return "rental.phone:" + rental.value();
}

}  // namespace

absl::StatusOr<AesPhoneVault> AesPhoneVault::FromKeys(std::string_view keys) {
  CW_ASSIGN_OR_RETURN(const auth::PhoneSecrets secrets, auth::PhoneSecrets::Parse(keys));
  return AesPhoneVault(secrets);
}

AesPhoneVault::AesPhoneVault(const auth::PhoneSecrets& secrets)
    : lookup_keys_(secrets, "rental phone look-up"),
      sealing_keys_(secrets, "rental phone sealing") {}

SealedPhone AesPhoneVault::Seal(const std::string& e164, const RentalId& rental) const {
  return SealedPhone{Hashes(e164), sealing_keys_.Seal(e164, ContextOf(rental)), MaskPhone(e164)};
}

absl::StatusOr<std::string> AesPhoneVault::Open(const std::string& sealed,
                                                const RentalId& rental) const {
  return sealing_keys_.Open(sealed, ContextOf(rental));
}

}  // namespace cartwise::rental
