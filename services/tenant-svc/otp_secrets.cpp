#include "otp_secrets.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include <absl/strings/escaping.h>

#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::tenant {

absl::StatusOr<KeyedOtpSecrets> KeyedOtpSecrets::FromHex(const std::string& hex) {
  if (hex.size() != 64 ||
      !std::all_of(hex.begin(), hex.end(), [](unsigned char c) { return std::isxdigit(c) != 0; })) {
    return absl::InvalidArgumentError("CARTWISE_TENANT_PHONE_KEY_FILE: must hold 64 hex digits");
  }
  return KeyedOtpSecrets(absl::HexStringToBytes(hex));
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
