#pragma once

#include <string>

#include <absl/status/status.h>
#include <absl/time/time.h>

/// Every refusal of this service that clients branch on, made in one place.
/// INVALID_FIELD, IDEMPOTENCY_KEY_REUSED and the like come from the libraries.
namespace cartwise::tenant::reasons {

// Absent, deleted and foreign things answer alike, in the words of
// rpc::CheckPolicy, which refuses the foreign ones that a request names.
absl::Status ChainNotFound();
absl::Status BranchNotFound();
absl::Status EnrollmentKeyNotFound();
absl::Status UserNotFound();
absl::Status SignInNotFound();
absl::Status ApiKeyNotFound();
absl::Status ErasureNotFound();

absl::Status SlugTaken();
absl::Status BranchCodeTaken();
absl::Status EmailTaken();
absl::Status ChainNotEmpty();

/// PERMISSION_DENIED (PLATFORM_ADMIN_ONLY): plan, trial, flags and `active` of a chain.
absl::Status PlatformAdminOnly();
/// PERMISSION_DENIED (WHOLE_CHAIN_ONLY): the role is limited to branches.
absl::Status WholeChainOnly();
absl::Status RoleAboveOwn();
/// FAILED_PRECONDITION (PLAN_LIMIT_REACHED), with the limit.
absl::Status TooManyUsers(int allowed);
/// PERMISSION_DENIED (CHAIN_STAFF_ONLY): a key acts for somebody of its chain.
absl::Status ChainStaffOnly();
/// FAILED_PRECONDITION: a chain keeps an active owner.
absl::Status LastOwner();
/// FAILED_PRECONDITION: platform admins are no chain's staff.
absl::Status PlatformAdminFixed();

// UNAUTHENTICATED, each one text for every cause.
absl::Status BadCredentials();
absl::Status RefreshTokenReused();
absl::Status EnrollmentKeyInvalid();
absl::Status LinkInvalid();
absl::Status ApiKeyInvalid();
/// UNAUTHENTICATED, after the right password: the same call with a code.
absl::Status SecondFactorNeeded();
/// UNAUTHENTICATED: a wrong or spent code, after the right password.
absl::Status SecondFactorWrong();
/// FAILED_PRECONDITION: the chain wants one from this user, who has none.
absl::Status SecondFactorMissing();
/// FAILED_PRECONDITION: there is a confirmed one.
absl::Status SecondFactorExists();
absl::Status SecondFactorNotFound();

/// INVALID_ARGUMENT (PASSWORD_GUESSABLE): one that is tried first.
absl::Status PasswordGuessable();
/// PERMISSION_DENIED: the sign-in is good, the password that confirms it is not.
absl::Status WrongPassword();
/// The person behind a still valid token is gone or inactive.
absl::Status SignInEnded();

/// FAILED_PRECONDITION: a shopper's token of before sign-outs.
absl::Status TokenWithoutSignIn();

/// RESOURCE_EXHAUSTED: sign-ins failed from this network; one text for every limit.
absl::Status TooManySignIns(absl::Duration wait);

/// UNAVAILABLE: too many passwords are being checked at once.
absl::Status SignInBusy();

// Shoppers. Where `wait` is given, the refusal says when to come again.
/// FAILED_PRECONDITION: the branch or its chain is not active.
absl::Status BranchInactive();
/// RESOURCE_EXHAUSTED, one text whichever limit it is.
absl::Status TooManyCodes(absl::Duration wait);
absl::Status TooManyTries(absl::Duration wait);
/// UNAUTHENTICATED, one text for every cause.
absl::Status CodeInvalid();
/// UNAVAILABLE.
absl::Status SmsNotSent(absl::Duration wait);

/// UNAVAILABLE: a service that holds personal data cannot tell of it now.
absl::Status HolderAway(const std::string& holder);

}  // namespace cartwise::tenant::reasons
