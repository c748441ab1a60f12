#include "otp_secrets.hpp"

#include <cstring>
#include <utility>

#include "cartwise/auth/phone_keys.hpp"
#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {

absl::StatusOr<KeyedOtpSecrets> KeyedOtpSecrets::FromKeys(const std::string& keys) {
  CW_ASSIGN_OR_RETURN(auth::PhoneSecrets secrets, auth::PhoneSecrets::Parse(keys));
  return KeyedOtpSecrets(std::move(secrets.lookup));
}

std::string KeyedOtpSecrets::NewCode() {
  return SixDigits([] {
    const std::string bytes = Base64UrlDecode(auth::RandomSecret("")).value();
    uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  });
}

std::string KeyedOtpSecrets::Keyed(std::string_view purpose, const std::string& text) {
  return auth::HmacHex(auth::DeriveKey(key_, "tenant otp " + std::string(purpose)), text);
}

}  // namespace cartwise::tenant
