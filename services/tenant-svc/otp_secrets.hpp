#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// OtpSecrets on libsodium's random numbers and HMAC-SHA-256, with a key of its
/// own per purpose derived from the secret of look-ups. Thread-safe.
class KeyedOtpSecrets final : public OtpSecrets {
 public:
  /// What the key file holds, see auth::PhoneSecrets. INVALID_ARGUMENT.
  static absl::StatusOr<KeyedOtpSecrets> FromKeys(const std::string& keys);

  std::string NewCode() override;
  std::string Keyed(std::string_view purpose, const std::string& text) override;

 private:
  explicit KeyedOtpSecrets(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace cartwise::tenant
