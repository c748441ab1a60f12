#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// OtpSecrets on libsodium's random numbers and HMAC-SHA-256, with a key of its
/// own per purpose derived from the phone key. Thread-safe.
class KeyedOtpSecrets final : public OtpSecrets {
 public:
  /// INVALID_ARGUMENT unless `hex` is 64 hex digits.
  static absl::StatusOr<KeyedOtpSecrets> FromHex(const std::string& hex);

  std::string NewCode() override;
  std::string Keyed(std::string_view purpose, const std::string& text) override;

 private:
  explicit KeyedOtpSecrets(std::string key) : key_(std::move(key)) {}
  std::string key_;
};

}  // namespace cartwise::tenant
