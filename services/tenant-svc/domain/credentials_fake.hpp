#pragma once

#include <algorithm>
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
  bool IsGuessable(std::string_view password, const std::vector<std::string>& words) override {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      return password.find(word) != std::string_view::npos;
    });
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
