#pragma once

#include <string>

#include <absl/status/statusor.h>

#include "cartwise/base/caller.hpp"
#include "domain/credentials.hpp"
#include "domain/listing.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// Staff the caller administers. One limited to branches sees those who are
/// limited to some of the same, and of their branches only the shared ones.
absl::StatusOr<Listing<User>> ListUsers(Store& store, const Caller& caller,
                                        const PageRequest& page);

/// Id, e-mail's case and times of `want` are given here; no `branches` mean the
/// whole chain. EMAIL_TAKEN, ROLE_ABOVE_OWN, CHAIN_NOT_FOUND, BRANCH_NOT_FOUND.
absl::StatusOr<User> CreateUser(Store& store, const Caller& caller, User want,
                                const std::string& password_hash, absl::Time now);

/// OK when `giver` may give `want`'s role for `want`'s branches, which stay until
/// the transaction ends. ROLE_ABOVE_OWN, BRANCH_NOT_FOUND.
absl::Status CheckGrant(Store& store, const Caller& giver, const User& want);

/// Somebody whom ListUsers shows. USER_NOT_FOUND.
absl::StatusOr<User> GetUser(Store& store, const Caller& caller, const UserId& id);

/// A user whom the caller may change, and the caller with the rights of now.
struct ManagedUser {
  Caller giver;
  User user;
};

/// Finds a user of a chain to change; other changes of the chain's staff wait
/// until the transaction ends. USER_NOT_FOUND; ROLE_ABOVE_OWN for somebody above
/// or beyond the caller; PLATFORM_ADMIN_FIXED; SIGN_IN_REQUIRED when the caller's
/// own account has ended.
absl::StatusOr<ManagedUser> HoldManaged(Store& store, const Caller& caller, const UserId& id);

/// Whoever is deactivated is signed out. As HoldManaged and CreateUser, and
/// LAST_OWNER.
absl::StatusOr<User> UpdateUser(Store& store, const Caller& caller, const UserId& id,
                                const UserChange& change, absl::Time now);

/// The caller's own account; SIGN_IN_REQUIRED when it is gone or inactive.
absl::StatusOr<User> GetMe(Store& store, const Caller& caller);

/// Makes the platform admin with this e-mail, or sets the password of the one
/// there is, which ends their sign-ins and takes their second factor. EMAIL_TAKEN by somebody of a
/// chain; PASSWORD_GUESSABLE.
absl::Status SetPlatformAdmin(TenantDatabase& database, Credentials& credentials,
                              const std::string& email, const std::string& password,
                              absl::Time now);

}  // namespace cartwise::tenant
