#include "storage/aes_phone_vault.hpp"

#include <algorithm>

#include <absl/strings/escaping.h>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::rental {
namespace {

std::string ContextOf(const RentalId& rental) {
  return "rental.phone:" + rental.value();
}

}  // namespace

absl::StatusOr<AesPhoneVault> AesPhoneVault::FromHex(std::string_view secret) {
  const bool hex = std::all_of(secret.begin(), secret.end(),
                               [](unsigned char c) { return std::isxdigit(c) != 0; });
  if (secret.size() != 64 || !hex) {
    return absl::InvalidArgumentError("the phone key must be 64 hex digits");
  }
  return AesPhoneVault(absl::HexStringToBytes(std::string(secret)));
}

AesPhoneVault::AesPhoneVault(std::string_view secret)
    : lookup_key_(auth::DeriveKey(secret, "rental phone look-up")),
      sealing_key_(auth::DeriveKey(secret, "rental phone sealing")) {}

std::string AesPhoneVault::Hash(const std::string& e164) const {
  return auth::HmacHex(lookup_key_, e164);
}

SealedPhone AesPhoneVault::Seal(const std::string& e164, const RentalId& rental) const {
  return SealedPhone{Hash(e164), auth::Seal(sealing_key_, e164, ContextOf(rental)),
                     MaskPhone(e164)};
}

absl::StatusOr<std::string> AesPhoneVault::Open(const std::string& sealed,
                                                const RentalId& rental) const {
  return auth::Open(sealing_key_, sealed, ContextOf(rental));
}

}  // namespace cartwise::rental
