#include "domain/reasons.hpp"

#include "cartwise/base/errors.hpp"

namespace cartwise::tenant::reasons {

using absl::StatusCode;
using errors::NotFound;
using errors::Refuse;

namespace {

absl::Status Later(const absl::Status& status, absl::Duration wait) {
  const int64_t seconds = absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1)));
  return errors::WithDetail(status, "retry_after_seconds", std::to_string(seconds));
}

}  // namespace

absl::Status ChainNotFound() {
  return NotFound("CHAIN_NOT_FOUND", "no such chain");
}

absl::Status BranchNotFound() {
  return NotFound("BRANCH_NOT_FOUND", "no such branch");
}

absl::Status EnrollmentKeyNotFound() {
  return NotFound("ENROLLMENT_KEY_NOT_FOUND", "no such enrollment key");
}

absl::Status UserNotFound() {
  return NotFound("USER_NOT_FOUND", "no such user");
}

absl::Status SignInNotFound() {
  return NotFound("SIGN_IN_NOT_FOUND", "no such sign-in");
}

absl::Status ApiKeyNotFound() {
  return NotFound("API_KEY_NOT_FOUND", "no such api key");
}

absl::Status ErasureNotFound() {
  return NotFound("ERASURE_NOT_FOUND", "no such erasure");
}

absl::Status SlugTaken() {
  return Refuse(StatusCode::kAlreadyExists, "SLUG_TAKEN", "another chain has this slug");
}

absl::Status BranchCodeTaken() {
  return Refuse(StatusCode::kAlreadyExists, "BRANCH_CODE_TAKEN",
                "another branch of the chain has this code");
}

absl::Status EmailTaken() {
  return Refuse(StatusCode::kAlreadyExists, "EMAIL_TAKEN", "somebody signs in with this e-mail");
}

absl::Status ChainNotEmpty() {
  return Refuse(StatusCode::kFailedPrecondition, "CHAIN_NOT_EMPTY",
                "the chain still has branches; delete them first");
}

absl::Status PlatformAdminOnly() {
  return Refuse(
      StatusCode::kPermissionDenied, "PLATFORM_ADMIN_ONLY",
      "only a platform admin changes plan, trial and flags, or whether a chain is active");
}

absl::Status WholeChainOnly() {
  return Refuse(StatusCode::kPermissionDenied, "WHOLE_CHAIN_ONLY",
                "your role is limited to branches; this needs one for the whole chain");
}

absl::Status RoleAboveOwn() {
  return Refuse(StatusCode::kPermissionDenied, "ROLE_ABOVE_OWN",
                "nobody can give or change a role above or beyond their own");
}

absl::Status TooManyUsers(int allowed) {
  const std::string limit = std::to_string(allowed);
  return errors::WithDetail(
      Refuse(StatusCode::kFailedPrecondition, "PLAN_LIMIT_REACHED",
             "the plan allows " + limit + " active users; deactivate one or ask for a larger plan"),
      "limit", limit);
}

absl::Status ChainStaffOnly() {
  return Refuse(StatusCode::kPermissionDenied, "CHAIN_STAFF_ONLY",
                "an API key acts for somebody of its chain; an admin of the chain makes it");
}

absl::Status LastOwner() {
  return Refuse(StatusCode::kFailedPrecondition, "LAST_OWNER",
                "this is the chain's last active owner; make somebody else an owner first");
}

absl::Status PlatformAdminFixed() {
  return Refuse(StatusCode::kFailedPrecondition, "PLATFORM_ADMIN_FIXED",
                "platform admins are changed by the command create-platform-admin alone");
}

absl::Status BadCredentials() {
  return Refuse(StatusCode::kUnauthenticated, "BAD_CREDENTIALS",
                "these credentials are not valid; sign in again");
}

absl::Status RefreshTokenReused() {
  return Refuse(StatusCode::kUnauthenticated, "REFRESH_TOKEN_REUSED",
                "this refresh token was spent before, so its sign-in was ended; sign in again");
}

absl::Status EnrollmentKeyInvalid() {
  return Refuse(StatusCode::kUnauthenticated, "ENROLLMENT_KEY_INVALID",
                "this enrollment key is not valid; make a new one");
}

absl::Status LinkInvalid() {
  return Refuse(StatusCode::kUnauthenticated, "LINK_INVALID",
                "this link is wrong, used or too old; ask an admin for a new one");
}

absl::Status ApiKeyInvalid() {
  return Refuse(StatusCode::kUnauthenticated, "API_KEY_INVALID",
                "this API key is unknown, expired or revoked, or its maker has left");
}

absl::Status SecondFactorNeeded() {
  return Refuse(StatusCode::kUnauthenticated, "SECOND_FACTOR_NEEDED",
                "the password is right; send it again with a code of your authenticator app");
}

absl::Status SecondFactorWrong() {
  return Refuse(StatusCode::kUnauthenticated, "SECOND_FACTOR_WRONG",
                "this code is wrong, spent or too old; wait for the next, or use a recovery code");
}

absl::Status SecondFactorMissing() {
  return Refuse(StatusCode::kFailedPrecondition, "SECOND_FACTOR_MISSING",
                "your chain asks its admins for a second factor; set one up with "
                "POST /api/auth/second-factor, then sign in");
}

absl::Status SecondFactorExists() {
  return Refuse(StatusCode::kFailedPrecondition, "SECOND_FACTOR_EXISTS",
                "there is a second factor; remove it before setting up another");
}

absl::Status SecondFactorNotFound() {
  return NotFound("SECOND_FACTOR_NOT_FOUND", "there is no second factor; begin with one");
}

absl::Status PasswordGuessable() {
  return Refuse(StatusCode::kInvalidArgument, "PASSWORD_GUESSABLE",
                "this password is too easy to guess: it was leaked before, or is made of common "
                "words, your name or your chain's; use a longer one, such as four unrelated words");
}

absl::Status WrongPassword() {
  return Refuse(StatusCode::kPermissionDenied, "WRONG_PASSWORD",
                "this is not your password; check it and try again");
}

absl::Status SignInEnded() {
  return Refuse(StatusCode::kUnauthenticated, "SIGN_IN_REQUIRED",
                "this account may not sign in any more");
}

absl::Status TokenWithoutSignIn() {
  return Refuse(StatusCode::kFailedPrecondition, "TOKEN_WITHOUT_SIGN_IN",
                "this token is too old to be ended early; it ends by itself");
}

absl::Status TooManySignIns(absl::Duration wait) {
  return Later(Refuse(StatusCode::kResourceExhausted, "TOO_MANY_SIGN_INS",
                      "too many sign-ins failed; wait before trying again"),
               wait);
}

absl::Status SignInBusy() {
  return Refuse(StatusCode::kUnavailable, "SIGN_IN_BUSY",
                "too many people sign in right now; try again in a moment");
}

absl::Status BranchInactive() {
  return Refuse(StatusCode::kFailedPrecondition, "BRANCH_INACTIVE", "this branch is closed");
}

absl::Status TooManyCodes(absl::Duration wait) {
  return Later(Refuse(StatusCode::kResourceExhausted, "TOO_MANY_CODES",
                      "too many codes were asked for; wait before asking for another"),
               wait);
}

absl::Status TooManyTries(absl::Duration wait) {
  return Later(Refuse(StatusCode::kResourceExhausted, "TOO_MANY_TRIES",
                      "too many wrong codes were typed for this phone; wait before trying again"),
               wait);
}

absl::Status CodeInvalid() {
  return Refuse(StatusCode::kUnauthenticated, "CODE_INVALID",
                "this code is wrong, used or too old; check it or ask for a new one");
}

absl::Status SmsNotSent(absl::Duration wait) {
  return Later(Refuse(StatusCode::kUnavailable, "SMS_NOT_SENT",
                      "the message with the code could not be sent; ask for another in a moment"),
               wait);
}

absl::Status HolderAway(const std::string& holder) {
  return errors::WithDetail(
      Refuse(StatusCode::kUnavailable, "HOLDER_AWAY",
             "a service that holds personal data does not answer now; try again in a moment"),
      "holder", holder);
}

}  // namespace cartwise::tenant::reasons
