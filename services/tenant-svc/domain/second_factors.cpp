#include "domain/second_factors.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/otp.hpp"
#include "domain/reasons.hpp"
#include "domain/sessions.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kRecoveryPrefix[] = "cwrc_";
constexpr size_t kMostCodeBytes = 100;

// An e-mail holds nothing that ends a part of a URI but these.
std::string UriOf(const std::string& secret, const std::string& email) {
  std::string label;
  for (const char c : email) {
    constexpr char kHex[] = "0123456789ABCDEF";
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (plain) {
      label += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      label += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return "otpauth://totp/CartWise:" + label + "?secret=" + secret +
         "&issuer=CartWise&algorithm=SHA1&digits=6&period=30";
}

absl::Status Tell(Store& store, const Caller& caller, const User& user, const char* what,
                  absl::Time now) {
  return store.Announce(ChangeBy(AsUser(caller, user), what, now),
                        Thing{user.chain, {}, user.id.value()});
}

SignInLimits ForCodes(SignInLimits limits) {
  limits.per_pair = limits.per_code;
  return limits;
}

}  // namespace

absl::Status RemoveFactorOf(Store& store, const Caller& caller, const UserId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const ManagedUser managed, HoldManaged(store, caller, id));
  CW_ASSIGN_OR_RETURN(const bool removed, store.DeleteFactor(managed.user));
  if (!removed) return absl::OkStatus();
  return store.Announce(ChangeBy(caller, "user.second_factor_removed", now, "by an admin"),
                        Thing{managed.user.chain, {}, id.value()});
}

SecondFactors::SecondFactors(TenantDatabase& database, PasswordCheck& passwords,
                             FactorSecrets& factors, Credentials& credentials, OtpSecrets& secrets,
                             const Clock& clock, SignInLimits limits)
    : database_(database),
      passwords_(passwords),
      factors_(factors),
      credentials_(credentials),
      secrets_(secrets),
      clock_(clock),
      limits_(ForCodes(std::move(limits))) {}

absl::StatusOr<FactorSetup> SecondFactors::Begin(const Caller& caller, const std::string& email,
                                                 const std::string& password) {
  CW_ASSIGN_OR_RETURN(const Proof proof, passwords_.Prove(caller, email, password));
  NewFactor made = factors_.New(proof.account.user.id);
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Account held, passwords_.Accept(store, proof));
    const absl::Time now = clock_.Now();
    CW_ASSIGN_OR_RETURN(const bool put, store.PutFactor(held.user, made.sealed, now));
    if (!put) return reasons::SecondFactorExists();
    return Tell(store, caller, held.user, "user.second_factor_begun", now);
  }));
  FactorSetup setup;
  setup.uri = UriOf(made.secret, proof.account.user.email);
  setup.secret = std::move(made.secret);
  return setup;
}

absl::StatusOr<std::vector<std::string>> SecondFactors::Confirm(const Caller& caller,
                                                                const std::string& email,
                                                                const std::string& password,
                                                                const std::string& code) {
  CW_ASSIGN_OR_RETURN(const Proof proof, passwords_.Prove(caller, email, password));
  const User& user = proof.account.user;
  std::optional<SecondFactor> factor;
  CW_RETURN_IF_ERROR(database_.Read(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(factor, store.FindFactor(user));
    return absl::OkStatus();
  }));
  if (!factor || factor->confirmed) CW_RETURN_IF_ERROR(passwords_.GiveBack(caller, proof));
  if (!factor) return reasons::SecondFactorNotFound();
  if (factor->confirmed) return reasons::SecondFactorExists();
  if (!IsCode(code)) return errors::InvalidField("code", "must be the six digits of the app");
  CW_ASSIGN_OR_RETURN(const FittingCode fitting, Match(caller, user, factor->sealed, code));

  std::vector<std::string> recovery, hashes;
  for (int i = 0; i < kRecoveryCodes; ++i) {
    recovery.push_back(credentials_.NewSecret(kRecoveryPrefix));
    hashes.push_back(credentials_.HashSecret(recovery.back()));
  }
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Account held, passwords_.Accept(store, proof));
    CW_RETURN_IF_ERROR(Spend(store, held.user, fitting));
    const absl::Time now = clock_.Now();
    CW_RETURN_IF_ERROR(store.ConfirmFactor(held.user, hashes, now));
    return Tell(store, caller, held.user, "user.second_factor_confirmed", now);
  }));
  return recovery;
}

absl::Status SecondFactors::Remove(const Caller& caller, const std::string& email,
                                   const std::string& password, const std::string& code) {
  CW_ASSIGN_OR_RETURN(const Proof proof, passwords_.Prove(caller, email, password));
  if (proof.account.factor.empty()) {
    CW_RETURN_IF_ERROR(passwords_.GiveBack(caller, proof));
    return reasons::SecondFactorNotFound();
  }
  CW_ASSIGN_OR_RETURN(const FittingCode fitting, Check(caller, proof, code));
  return database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Account held, passwords_.Accept(store, proof));
    CW_RETURN_IF_ERROR(Spend(store, held.user, fitting));
    CW_RETURN_IF_ERROR(store.DeleteFactor(held.user).status());
    return Tell(store, caller, held.user, "user.second_factor_removed", clock_.Now());
  });
}

absl::StatusOr<FittingCode> SecondFactors::Check(const Caller& caller, const Proof& proof,
                                                 const std::string& code) {
  const std::string& sealed = proof.account.factor;
  if (code.empty()) {
    CW_RETURN_IF_ERROR(passwords_.GiveBack(caller, proof));
    return reasons::SecondFactorNeeded();
  }
  if (IsCode(code)) return Match(caller, proof.account.user, sealed, code);
  if (code.rfind(kRecoveryPrefix, 0) != 0 || code.size() > kMostCodeBytes) {
    return errors::InvalidField("code", "must be six digits or a recovery code");
  }
  FittingCode recovery;
  recovery.sealed = sealed;
  recovery.recovery_hash = credentials_.HashSecret(code);
  return recovery;
}

absl::StatusOr<FittingCode> SecondFactors::Match(const Caller& caller, const User& user,
                                                 const std::string& sealed,
                                                 const std::string& code) {
  const SignInOrigin origin = OriginOf(caller, user);
  const absl::Time now = clock_.Now();
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto blocked, store.SignInsBlockedUntil(origin, now));
    if (blocked) return reasons::TooManySignIns(*blocked - now);
    CW_ASSIGN_OR_RETURN(const bool counted, store.SpendSignInTry(origin, limits_, now));
    return counted ? absl::OkStatus() : reasons::TooManySignIns(limits_.per_pair.waits.front());
  }));
  FittingCode fitting;
  fitting.sealed = sealed;
  CW_ASSIGN_OR_RETURN(fitting.step, factors_.StepOf(user.id, sealed, code, now));
  if (!fitting.step) return reasons::SecondFactorWrong();
  fitting.tries = origin;
  return fitting;
}

absl::Status SecondFactors::Spend(Store& store, const User& user, const FittingCode& code) {
  bool spent = false;
  if (code.step) {
    CW_ASSIGN_OR_RETURN(const std::string sealed, factors_.Reseal(user.id, code.sealed));
    CW_ASSIGN_OR_RETURN(spent, store.SpendFactorStep(user, code.sealed, sealed, *code.step));
    if (spent) {
      CW_RETURN_IF_ERROR(store.ReturnSignInTry(code.tries));
      CW_RETURN_IF_ERROR(store.ForgetSignInTries(code.tries));
    }
  } else {
    CW_ASSIGN_OR_RETURN(spent, store.SpendRecoveryCode(user, code.recovery_hash));
  }
  return spent ? absl::OkStatus() : reasons::SecondFactorWrong();
}

SignInOrigin SecondFactors::OriginOf(const Caller& caller, const User& user) {
  return {secrets_.KeyedAll("second factor", user.id.value()),
          secrets_.KeyedAll("address", NetworkOf(caller.peer))};
}

}  // namespace cartwise::tenant
