#pragma once

#include <atomic>
#include <string>

#include "cartwise/base/ids.hpp"
#include "domain/credentials.hpp"

namespace cartwise::tenant {

/// Credentials without cryptography. Counts the slow work. Thread-safe.
class FakeCredentials final : public Credentials {
 public:
  std::atomic<int> slow_hashes = 0;

  absl::StatusOr<std::string> HashPassword(std::string_view password, absl::Time) override {
    ++slow_hashes;
    return "slow:" + std::string(password);
  }
  absl::StatusOr<bool> VerifyPassword(std::string_view password, const std::string& hash,
                                      absl::Time) override {
    ++slow_hashes;
    return hash == "slow:" + std::string(password);
  }
  std::string NewSecret(std::string_view prefix) override {
    return std::string(prefix) + NewUuid();
  }
  std::string HashSecret(std::string_view secret) override {
    return "quick:" + std::string(secret);
  }
  std::string AccessToken(const Caller& caller, absl::Time, absl::Duration) override {
    const std::string version = std::to_string(caller.rights_version);
    return "token of " + caller.Label() + (caller.rights_version > 0 ? ", rights " + version : "");
  }
};

}  // namespace cartwise::tenant
