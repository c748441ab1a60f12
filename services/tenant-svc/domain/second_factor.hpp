#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "domain/sign_in_limits.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {

/// The feature flag of a chain whose owners and admins sign in with a second
/// factor only.
inline constexpr char kSecondFactorFlag[] = "staff_second_factor";

inline constexpr int kRecoveryCodes = 10;

/// A user's authenticator app, as it is kept.
struct SecondFactor {
  std::string sealed;  ///< the secret, by FactorSecrets
  bool confirmed = false;
};

/// What an app is set up with, shown once.
struct NewFactor {
  std::string secret;  ///< base32
  std::string sealed;
};

/// The port to the cryptography of second factors. Thread-safe.
class FactorSecrets {
 public:
  virtual ~FactorSecrets() = default;

  /// 160 random bits, sealed for this user.
  virtual NewFactor New(const UserId& user) = 0;
  /// The step of 30 s whose code this is, at most one away from `now`; nullopt for
  /// a wrong code. FAILED_PRECONDITION or DATA_LOSS when it cannot be opened.
  virtual absl::StatusOr<std::optional<int64_t>> StepOf(const UserId& user,
                                                        const std::string& sealed,
                                                        const std::string& code,
                                                        absl::Time now) = 0;
  /// The same secret under the key that seals now.
  virtual absl::StatusOr<std::string> Reseal(const UserId& user, const std::string& sealed) = 0;
};

/// A code that fits, not spent yet: a step of the app, or a recovery code.
struct FittingCode {
  std::string sealed;  ///< of the factor it was looked at with
  std::optional<int64_t> step;
  SignInOrigin tries;         ///< where the try stands that it cost; with a step
  std::string recovery_hash;  ///< without a step
};

}  // namespace cartwise::tenant
