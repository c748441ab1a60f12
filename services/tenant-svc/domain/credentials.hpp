#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"

namespace cartwise::tenant {

/// The port to cryptography: passwords, secrets, tokens. Thread-safe.
class Credentials {
 public:
  virtual ~Credentials() = default;

  /// A slow, salted hash. SIGN_IN_BUSY when too many are being made.
  virtual absl::StatusOr<std::string> HashPassword(std::string_view password,
                                                   absl::Time deadline) = 0;
  /// Takes as long for an empty `hash` (nobody's), which no password fits.
  /// SIGN_IN_BUSY likewise.
  virtual absl::StatusOr<bool> VerifyPassword(std::string_view password, const std::string& hash,
                                              absl::Time deadline) = 0;

  /// True when few guesses lead to `password`: it is among the leaked ones, or little
  /// more than words of dictionaries, of `words` (lower case) or of the keyboard.
  virtual bool IsGuessable(std::string_view password, const std::vector<std::string>& words) = 0;

  /// `prefix` and 256 random bits.
  virtual std::string NewSecret(std::string_view prefix) = 0;
  /// What is stored in place of such a secret.
  virtual std::string HashSecret(std::string_view secret) = 0;

  /// A signed token that stands for `caller`.
  virtual std::string AccessToken(const Caller& caller, absl::Time now, absl::Duration life) = 0;
};

}  // namespace cartwise::tenant
