#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/listing.hpp"
#include "domain/otp_ports.hpp"
#include "domain/password_check.hpp"
#include "domain/second_factors.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// This service itself on the caller's behalf: sees all tenants.
Caller AsPlatform(const Caller& caller);

/// `user`, whose identity is proven, at the place from where `caller` calls.
Caller AsUser(const Caller& caller, const User& user);

/// The caller's own sign-ins that have not ended, newest first.
absl::StatusOr<Listing<LiveSignIn>> ListSignIns(Store& store, const Caller& caller,
                                                const PageRequest& page, absl::Time now);

/// Ends the sign-in behind the token of a shopper. TOKEN_WITHOUT_SIGN_IN for a token
/// from before sign-ins of shoppers had ids.
absl::Status SignShopperOut(Store& store, const Caller& caller, absl::Time now);

/// Ends all of somebody whom the caller may change. As HoldManaged.
absl::Status EndSignIns(Store& store, const Caller& caller, const UserId& id, absl::Time now);

/// Signs staff in and out. Opens its own transactions, over all tenants,
/// because who signs in is not known before, and because a refused Refresh may
/// still have something to commit. Thread-safe; lives as long as what it is given.
class Sessions {
 public:
  Sessions(TenantDatabase& database, Credentials& credentials, OtpSecrets& secrets,
           PasswordCheck& passwords, SecondFactors& factors, const Clock& clock,
           SignInLimits limits = {})
      : database_(database),
        credentials_(credentials),
        secrets_(secrets),
        passwords_(passwords),
        factors_(factors),
        clock_(clock),
        limits_(std::move(limits)) {}

  /// BAD_CREDENTIALS for an unknown e-mail, a wrong password, an inactive user
  /// and an inactive chain alike, after the same work. TOO_MANY_SIGN_INS, alike
  /// for all of them too, but never for the right password from a network that
  /// the user signed in from before. SIGN_IN_BUSY. With the right password:
  /// SECOND_FACTOR_MISSING, and as SecondFactors::Check for `code`, which may be
  /// empty where the user has no second factor.
  absl::StatusOr<Session> Login(const Caller& caller, const std::string& email,
                                const std::string& password, const std::string& code = "");

  /// Whether somebody who is signed in knows their password, and has their second factor
  /// where there is one: then the code to spend. Wrong passwords are counted per user, apart
  /// from failed sign-ins: a stolen token guesses ten, and keeps its owner from nothing else.
  /// WRONG_PASSWORD, TOO_MANY_SIGN_INS, SIGN_IN_BUSY, and as SecondFactors::Check.
  absl::StatusOr<std::optional<FittingCode>> Confirm(const Caller& caller, const Account& account,
                                                     const std::string& password,
                                                     const std::string& code);

  /// Ends one of the caller's own. As Confirm; SIGN_IN_REQUIRED when the account has ended,
  /// SIGN_IN_NOT_FOUND.
  absl::Status EndOwn(const Caller& caller, const SignInId& id, const std::string& password,
                      const std::string& code = "");

  /// A new sign-in of somebody whose identity is proven.
  absl::StatusOr<Session> Begin(Store& store, const Caller& caller, const User& user);

  /// REFRESH_TOKEN_REUSED, having ended the sign-in; BAD_CREDENTIALS.
  absl::StatusOr<Session> Refresh(const Caller& caller, const std::string& refresh_token);

  /// Ends the sign-in of this token; an unknown one is fine.
  absl::Status Logout(const Caller& caller, const std::string& refresh_token);

 private:
  absl::Status ConfirmPassword(const Caller& caller, const Account& account,
                               const std::string& password);
  absl::StatusOr<Session> Welcome(const Caller& caller, const Proof& proof,
                                  const FittingCode* code);
  absl::StatusOr<Session> Start(Store& store, const SignIn& sign_in, const User& user);
  absl::Status End(Store& store, const Caller& caller, const RefreshToken& token,
                   const std::string& reason);
  absl::StatusOr<Session> Rotate(Store& store, const Caller& caller, const RefreshToken& token);

  TenantDatabase& database_;
  Credentials& credentials_;
  OtpSecrets& secrets_;
  PasswordCheck& passwords_;
  SecondFactors& factors_;
  const Clock& clock_;
  const SignInLimits limits_;
};

}  // namespace cartwise::tenant
