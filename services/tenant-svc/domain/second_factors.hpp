#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/password_check.hpp"
#include "domain/second_factor.hpp"

namespace cartwise::tenant {

/// What an authenticator app is set up with.
struct FactorSetup {
  std::string secret;  ///< base32
  std::string uri;     ///< otpauth://, as a QR code holds it
};

/// Takes the second factor of somebody whom the caller may change, who lost it; the
/// password stays. Removing twice is once. As HoldManaged.
absl::Status RemoveFactorOf(Store& store, const Caller& caller, const UserId& id, absl::Time now);

/// Second factors of staff. Whoever changes theirs proves the password each time,
/// signed in or not. Opens its own transactions. Thread-safe; lives as long as what
/// it is given.
class SecondFactors {
 public:
  SecondFactors(TenantDatabase& database, PasswordCheck& passwords, FactorSecrets& factors,
                Credentials& credentials, OtpSecrets& secrets, const Clock& clock,
                SignInLimits limits = {});

  /// Makes a secret, which counts once it is confirmed; in place of one that never
  /// was. As PasswordCheck::Prove; SECOND_FACTOR_EXISTS.
  absl::StatusOr<FactorSetup> Begin(const Caller& caller, const std::string& email,
                                    const std::string& password);

  /// Answers the recovery codes. From now on a code is needed to sign in. As Begin;
  /// SECOND_FACTOR_NOT_FOUND, SECOND_FACTOR_WRONG, TOO_MANY_SIGN_INS.
  absl::StatusOr<std::vector<std::string>> Confirm(const Caller& caller, const std::string& email,
                                                   const std::string& password,
                                                   const std::string& code);

  /// SECOND_FACTOR_NOT_FOUND and as Check.
  absl::Status Remove(const Caller& caller, const std::string& email, const std::string& password,
                      const std::string& code);

  /// Looks at a code of somebody whose password was right. Wrong ones are counted
  /// per user, whom only somebody with the password can keep out so, and not while
  /// there are recovery codes: those are beyond guessing. SECOND_FACTOR_NEEDED
  /// without a code, INVALID_FIELD, SECOND_FACTOR_WRONG, TOO_MANY_SIGN_INS.
  absl::StatusOr<FittingCode> Check(const Caller& caller, const Proof& proof,
                                    const std::string& code);

  /// Spends it, in the transaction that acts on it. SECOND_FACTOR_WRONG when
  /// somebody was faster.
  absl::Status Spend(Store& store, const User& user, const FittingCode& code);

 private:
  absl::StatusOr<FittingCode> Match(const Caller& caller, const User& user,
                                    const std::string& sealed, const std::string& code);
  SignInOrigin OriginOf(const Caller& caller, const User& user);

  TenantDatabase& database_;
  PasswordCheck& passwords_;
  FactorSecrets& factors_;
  Credentials& credentials_;
  OtpSecrets& secrets_;
  const Clock& clock_;
  const SignInLimits limits_;
};

}  // namespace cartwise::tenant
