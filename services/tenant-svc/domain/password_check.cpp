#include "domain/password_check.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/fields.hpp"
#include "domain/otp.hpp"
#include "domain/reasons.hpp"
#include "domain/sessions.hpp"

namespace cartwise::tenant {
namespace {

absl::Status CheckInput(const std::string& email, const std::string& password) {
  errors::FieldErrors errors;
  errors.Require(!email.empty(), "email", "is required");
  errors.Require(email.size() <= 254 && IsCleanText(email), "email", "must be an e-mail address");
  errors.Require(!password.empty(), "password", "is required");
  errors.Require(password.size() <= kMostPasswordBytes, "password", "must be at most 1,024 bytes");
  return errors.ToStatus();
}

}  // namespace

// A sign-in under way, counted before its password is looked at.
struct PasswordCheck::Try {
  SignInOrigin origin;
  std::optional<Account> account;
  bool counted = false;
  bool known_place = false;
  absl::Duration wait;  ///< when it is not counted

  absl::Status Refusal() const {
    return counted ? reasons::BadCredentials() : reasons::TooManySignIns(wait);
  }
};

absl::StatusOr<PasswordCheck::Try> PasswordCheck::Count(const Caller& caller,
                                                        const std::string& email) {
  const absl::Time now = clock_.Now();
  const std::string network = NetworkOf(caller.peer);
  Try attempt;
  attempt.origin = {secrets_.KeyedAll("sign-in", email + "\n" + network),
                    secrets_.KeyedAll("address", network)};
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(attempt.account, store.FindAccountByEmail(email));
    if (attempt.account) {
      CW_ASSIGN_OR_RETURN(
          attempt.known_place,
          store.KnowsPlace(attempt.account->user, attempt.origin, now - limits_.place_life));
    }
    CW_ASSIGN_OR_RETURN(const auto blocked, store.SignInsBlockedUntil(attempt.origin, now));
    attempt.wait = blocked ? *blocked - now : limits_.per_pair.waits.front();
    if (blocked) return absl::OkStatus();
    CW_ASSIGN_OR_RETURN(attempt.counted, store.SpendSignInTry(attempt.origin, limits_, now));
    return absl::OkStatus();
  }));
  return attempt;
}

absl::StatusOr<Proof> PasswordCheck::Prove(const Caller& caller, const std::string& email,
                                           const std::string& password) {
  CW_RETURN_IF_ERROR(CheckInput(email, password));
  CW_ASSIGN_OR_RETURN(const Try attempt, Count(caller, ToLowerAscii(email)));
  if (!attempt.counted && !attempt.known_place) return attempt.Refusal();

  // No transaction is open while the slow hash runs.
  const std::string hash = attempt.account ? attempt.account->password_hash : "";
  const auto fits = credentials_.VerifyPassword(password, hash, caller.deadline);
  if (!fits.ok() && attempt.counted) {  // nothing was tried
    CW_RETURN_IF_ERROR(database_.Write(
        AsPlatform(caller), [&](Store& store) { return store.ReturnSignInTry(attempt.origin); }));
  }
  CW_RETURN_IF_ERROR(fits.status());
  if (!*fits || !attempt.account->may_sign_in) return attempt.Refusal();
  return Proof{*attempt.account, attempt.origin, attempt.counted};
}

absl::Status PasswordCheck::GiveBack(const Caller& caller, const Proof& proof) {
  if (!proof.counted) return absl::OkStatus();
  return database_.Write(AsPlatform(caller),
                         [&](Store& store) { return store.ReturnSignInTry(proof.origin); });
}

absl::StatusOr<Account> PasswordCheck::Accept(Store& store, const Proof& proof) {
  // Whoever lost the password or the right to sign in meanwhile gets nothing
  // that outlives that.
  CW_ASSIGN_OR_RETURN(auto held, store.HoldAccount(proof.account.user.id));
  if (!held || !held->may_sign_in || held->password_hash != proof.account.password_hash) {
    return reasons::BadCredentials();
  }
  if (proof.counted) CW_RETURN_IF_ERROR(store.ReturnSignInTry(proof.origin));
  CW_RETURN_IF_ERROR(store.ForgetSignInTries(proof.origin));
  return *std::move(held);
}

}  // namespace cartwise::tenant
