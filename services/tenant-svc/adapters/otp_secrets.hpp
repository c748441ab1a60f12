#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/auth/phone_keys.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// OtpSecrets on libsodium's random numbers and HMAC-SHA-256, with a key of its
/// own per purpose derived from each look-up key. Thread-safe.
class KeyedOtpSecrets final : public OtpSecrets {
 public:
  /// What the key file holds, see auth::PhoneSecrets. INVALID_ARGUMENT.
  static absl::StatusOr<KeyedOtpSecrets> FromKeys(const std::string& keys);

  std::string NewCode() override;
  KeyedHashes KeyedAll(std::string_view purpose, const std::string& text) override;

 private:
  explicit KeyedOtpSecrets(auth::PhoneSecrets secrets) : secrets_(std::move(secrets)) {}
  auth::PhoneSecrets secrets_;
};

}  // namespace cartwise::tenant
