#include "adapters/otp_secrets.hpp"

#include <cstring>
#include <utility>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {

absl::StatusOr<KeyedOtpSecrets> KeyedOtpSecrets::FromKeys(const std::string& keys) {
  CW_ASSIGN_OR_RETURN(auth::PhoneSecrets secrets, auth::PhoneSecrets::Parse(keys));
  return KeyedOtpSecrets(std::move(secrets));
}

std::string KeyedOtpSecrets::NewCode() {
  return SixDigits([] {
    const std::string bytes = Base64UrlDecode(auth::RandomSecret("")).value();
    uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof(number));
    return number;
  });
}

KeyedHashes KeyedOtpSecrets::KeyedAll(std::string_view purpose, const std::string& text) {
  return auth::LookUpKeys(secrets_, "tenant otp " + std::string(purpose)).Hashes(text);
}

}  // namespace cartwise::tenant
