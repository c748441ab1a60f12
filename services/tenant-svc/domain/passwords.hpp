#pragma once

#include <optional>
#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "domain/credentials.hpp"
#include "domain/sessions.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// A link with which a user sets a password, and its secret, which is not kept.
struct IssuedLink {
  PasswordLink link;
  std::string secret;
};

/// Makes the user's only live link; no rights are asked. Nothing ends until it is used.
absl::StatusOr<IssuedLink> NewPasswordLink(Store& store, const Caller& caller,
                                           Credentials& credentials, const User& user,
                                           absl::Time now);

/// The same for somebody whom the caller may change. As HoldManaged.
absl::StatusOr<IssuedLink> CreatePasswordLink(Store& store, const Caller& caller,
                                              Credentials& credentials, const UserId& id,
                                              absl::Time now);

/// Sets passwords of staff. Opens its own transactions: none is open while a
/// slow hash runs. Thread-safe; lives as long as what it is given.
class Passwords {
 public:
  Passwords(TenantDatabase& database, Credentials& credentials, Sessions& sessions,
            SecondFactors& factors, const Clock& clock)
      : database_(database),
        credentials_(credentials),
        sessions_(sessions),
        factors_(factors),
        clock_(clock) {}

  /// Sets the caller's own and ends all their sign-ins; answers a new one.
  /// As Sessions::Confirm; INVALID_FIELD, PASSWORD_GUESSABLE, SIGN_IN_REQUIRED.
  absl::StatusOr<Session> Change(const Caller& caller, const std::string& old_password,
                                 const std::string& new_password, const std::string& code = "");

  /// Makes somebody with a first password, or where none is given with a link to set it,
  /// which `made` hears of before that commits. The slow hash comes last: who is refused
  /// does not use it up. As tenant::CreateUser; INVALID_FIELD, PASSWORD_GUESSABLE, SIGN_IN_BUSY.
  absl::Status CreateUser(
      const Caller& caller, const User& want, const std::string& password,
      absl::FunctionRef<void(const User&, const std::optional<IssuedLink>&)> made);

  /// Spends a link and ends all sign-ins of its user. INVALID_FIELD,
  /// PASSWORD_GUESSABLE, which leaves the link as it is, SIGN_IN_BUSY; LINK_INVALID for an unknown,
  /// spent and expired link and an inactive user alike.
  absl::Status SetByLink(const Caller& caller, const std::string& secret,
                         const std::string& new_password);

 private:
  TenantDatabase& database_;
  Credentials& credentials_;
  Sessions& sessions_;
  SecondFactors& factors_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
