#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/otp_ports.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// Somebody whose password was right. The try it cost is not given back yet.
struct Proof {
  Account account;
  SignInOrigin origin;
  bool counted = false;
};

/// Looks at e-mails and passwords, slowly, and counts the wrong ones. Opens its own
/// transactions, over all tenants, because who comes is not known before.
/// Thread-safe; lives as long as what it is given.
class PasswordCheck {
 public:
  PasswordCheck(TenantDatabase& database, Credentials& credentials, OtpSecrets& secrets,
                const Clock& clock, SignInLimits limits = {})
      : database_(database),
        credentials_(credentials),
        secrets_(secrets),
        clock_(clock),
        limits_(std::move(limits)) {}

  /// INVALID_FIELD, BAD_CREDENTIALS, TOO_MANY_SIGN_INS, SIGN_IN_BUSY: see
  /// Sessions::Login.
  absl::StatusOr<Proof> Prove(const Caller& caller, const std::string& email,
                              const std::string& password);

  /// Gives the try back: the password was right, and nothing came of it.
  absl::Status GiveBack(const Caller& caller, const Proof& proof);

  /// In the transaction that acts on the proof: forgets failed tries, and answers
  /// the account as it is now. BAD_CREDENTIALS when the password was changed, or
  /// the right to sign in lost, since.
  absl::StatusOr<Account> Accept(Store& store, const Proof& proof);

 private:
  struct Try;
  absl::StatusOr<Try> Count(const Caller& caller, const std::string& email);

  TenantDatabase& database_;
  Credentials& credentials_;
  OtpSecrets& secrets_;
  const Clock& clock_;
  const SignInLimits limits_;
};

}  // namespace cartwise::tenant
