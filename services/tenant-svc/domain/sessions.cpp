#include "domain/sessions.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/fields.hpp"
#include "domain/otp.hpp"
#include "domain/reasons.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kSecretPrefix[] = "cwrt_";

// Told by proxies, so it may be anything.
std::string AddressOf(const Caller& caller) {
  std::string network = NetworkOf(caller.peer);
  return network.size() <= 100 && IsCleanText(network) ? network : "";
}

}  // namespace

absl::StatusOr<Listing<LiveSignIn>> ListSignIns(Store& store, const Caller& caller,
                                                const PageRequest& page, absl::Time now) {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_ASSIGN_OR_RETURN(auto rows, store.ListSignIns(UserId(caller.subject), page, now));
  return ToListing(std::move(rows), page, [](const LiveSignIn& last) {
    return std::vector<std::string>{last.id.value()};
  });
}

absl::Status SignShopperOut(Store& store, const Caller& caller, absl::Time now) {
  if (caller.sign_in.empty()) return reasons::TokenWithoutSignIn();
  CW_RETURN_IF_ERROR(store.RevokeShopper(caller.chain, SignInId(caller.sign_in), now));
  return store.Announce(ChangeBy(caller, "shopper.signed_out", now),
                        Thing{caller.chain, {}, caller.sign_in});
}

absl::Status EndSignIns(Store& store, const Caller& caller, const UserId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const ManagedUser managed, HoldManaged(store, caller, id));
  CW_RETURN_IF_ERROR(store.RevokeSignIns(managed.user, "ended by an admin", now));
  return store.Announce(ChangeBy(caller, "user.sign_ins_ended", now),
                        Thing{managed.user.chain, {}, id.value()});
}

Caller AsPlatform(const Caller& caller) {
  Caller platform = Caller::Service("tenant-svc");
  platform.deadline = caller.deadline;
  platform.trace_id = caller.trace_id;
  return platform;
}

Caller AsUser(const Caller& caller, const User& user) {
  Caller proven = user.AsCaller();
  proven.deadline = caller.deadline;
  proven.trace_id = caller.trace_id;
  proven.peer = caller.peer;
  return proven;
}

absl::StatusOr<Session> Sessions::Login(const Caller& caller, const std::string& email,
                                        const std::string& password, const std::string& code) {
  CW_ASSIGN_OR_RETURN(const Proof proof, passwords_.Prove(caller, email, password));
  if (!proof.account.factor.empty()) {
    CW_ASSIGN_OR_RETURN(const FittingCode fitting, factors_.Check(caller, proof, code));
    return Welcome(caller, proof, &fitting);
  }
  if (!proof.account.needs_factor) return Welcome(caller, proof, nullptr);
  CW_RETURN_IF_ERROR(passwords_.GiveBack(caller, proof));
  return reasons::SecondFactorMissing();
}

absl::StatusOr<Session> Sessions::Welcome(const Caller& caller, const Proof& proof,
                                          const FittingCode* code) {
  absl::StatusOr<Session> session;
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Account held, passwords_.Accept(store, proof));
    if (code != nullptr) CW_RETURN_IF_ERROR(factors_.Spend(store, held.user, *code));
    CW_RETURN_IF_ERROR(store.RememberPlace(held.user, proof.origin, clock_.Now()));
    session = Begin(store, caller, held.user);
    return session.status();
  }));
  return session;
}

absl::Status Sessions::ConfirmPassword(const Caller& caller, const Account& account,
                                       const std::string& password) {
  const SignInOrigin origin = {secrets_.KeyedAll("confirm", account.user.id.value()),
                               secrets_.KeyedAll("address", NetworkOf(caller.peer))};
  const auto platform = AsPlatform(caller);
  CW_RETURN_IF_ERROR(database_.Write(platform, [&](Store& store) -> absl::Status {
    const absl::Time now = clock_.Now();
    CW_ASSIGN_OR_RETURN(const auto blocked, store.SignInsBlockedUntil(origin, now));
    if (blocked) return reasons::TooManySignIns(*blocked - now);
    CW_ASSIGN_OR_RETURN(const bool counted, store.SpendSignInTry(origin, limits_, now));
    return counted ? absl::OkStatus() : reasons::TooManySignIns(limits_.per_pair.waits.front());
  }));
  const auto fits = credentials_.VerifyPassword(password, account.password_hash, caller.deadline);
  if (fits.ok() && !*fits) return reasons::WrongPassword();
  CW_RETURN_IF_ERROR(database_.Write(platform, [&](Store& store) -> absl::Status {
    CW_RETURN_IF_ERROR(store.ReturnSignInTry(origin));
    return fits.ok() ? store.ForgetSignInTries(origin) : absl::OkStatus();
  }));
  return fits.status();
}

absl::StatusOr<std::optional<FittingCode>> Sessions::Confirm(const Caller& caller,
                                                             const Account& account,
                                                             const std::string& password,
                                                             const std::string& code) {
  CW_RETURN_IF_ERROR(ConfirmPassword(caller, account, password));
  if (account.factor.empty()) return std::nullopt;
  return factors_.Check(caller, Proof{account, {}, false}, code);
}

absl::Status Sessions::EndOwn(const Caller& caller, const SignInId& id, const std::string& password,
                              const std::string& code) {
  if (password.size() > kMostPasswordBytes) return reasons::WrongPassword();
  const UserId user(caller.subject);
  std::optional<Account> account;
  CW_RETURN_IF_ERROR(database_.Read(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(account, store.FindAccount(user));
    return account && account->may_sign_in ? absl::OkStatus() : reasons::SignInEnded();
  }));
  CW_ASSIGN_OR_RETURN(const auto fitting, Confirm(caller, *account, password, code));
  absl::Status answer;
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    if (fitting) CW_RETURN_IF_ERROR(factors_.Spend(store, account->user, *fitting));
    const absl::Time now = clock_.Now();
    CW_ASSIGN_OR_RETURN(const bool found, store.EndSignIn(user, id, now));
    if (found) {
      return store.Announce(ChangeBy(caller, "sign_in.ended", now),
                            Thing{caller.chain, {}, id.value()});
    }
    // An answer, not a failure: the code was right, and the try it cost is given back.
    answer = reasons::SignInNotFound();
    return absl::OkStatus();
  }));
  return answer;
}

absl::StatusOr<Session> Sessions::Begin(Store& store, const Caller& caller, const User& user) {
  const absl::Time now = clock_.Now();
  const SignIn sign_in{SignInId::New(), user.chain, user.id, now};
  CW_RETURN_IF_ERROR(store.InsertSignIn(sign_in, AddressOf(caller), now));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(AsUser(caller, user), "sign_in.started", now),
                                    Thing{user.chain, {}, sign_in.id.value()}));
  return Start(store, sign_in, user);
}

absl::StatusOr<Session> Sessions::Refresh(const Caller& caller, const std::string& refresh_token) {
  if (refresh_token.empty()) return errors::InvalidField("refresh_token", "is required");
  absl::StatusOr<Session> session = reasons::BadCredentials();
  const absl::Status done = database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto token,
                        store.TakeRefreshToken(credentials_.HashSecret(refresh_token)));
    if (!token) return absl::OkStatus();
    session = Rotate(store, caller, *token);
    // A refusal is an answer, not a failure: what it revoked has to commit.
    const bool refused = session.status().code() == absl::StatusCode::kUnauthenticated;
    return session.ok() || refused ? absl::OkStatus() : session.status();
  });
  CW_RETURN_IF_ERROR(done);
  return session;
}

absl::Status Sessions::Logout(const Caller& caller, const std::string& refresh_token) {
  if (refresh_token.empty()) return errors::InvalidField("refresh_token", "is required");
  return database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto token,
                        store.TakeRefreshToken(credentials_.HashSecret(refresh_token)));
    if (!token) return absl::OkStatus();
    Caller user = caller;  // proven by the token
    user.principal = Principal::kStaff;
    user.subject = token->sign_in.user.value();
    return End(store, user, *token, "signed out");
  });
}

absl::Status Sessions::End(Store& store, const Caller& caller, const RefreshToken& token,
                           const std::string& reason) {
  if (token.revoked) return absl::OkStatus();
  const absl::Time now = clock_.Now();
  CW_RETURN_IF_ERROR(store.RevokeSignIn(token.sign_in, reason, now));
  return store.Announce(ChangeBy(caller, "sign_in.ended", now, reason),
                        Thing{token.sign_in.chain, {}, token.sign_in.id.value()});
}

absl::StatusOr<Session> Sessions::Rotate(Store& store, const Caller& caller,
                                         const RefreshToken& token) {
  const absl::Time now = clock_.Now();
  switch (token.WorthAt(now)) {
    case RefreshToken::Worth::kReused:
      CW_RETURN_IF_ERROR(End(store, caller, token, "refresh token reused"));
      return reasons::RefreshTokenReused();
    case RefreshToken::Worth::kInvalid:
      return reasons::BadCredentials();
    case RefreshToken::Worth::kGood:
      break;
  }
  if (now >= token.sign_in.started_at + limits_.longest) return reasons::BadCredentials();
  CW_ASSIGN_OR_RETURN(const auto account, store.FindAccount(token.sign_in.user));
  if (!account || !account->may_sign_in) {
    CW_RETURN_IF_ERROR(End(store, caller, token, "user or chain inactive"));
    return reasons::BadCredentials();
  }
  CW_RETURN_IF_ERROR(store.SpendRefreshToken(token, now));
  CW_RETURN_IF_ERROR(store.TouchSignIn(token.sign_in, AddressOf(caller), now));
  return Start(store, token.sign_in, account->user);
}

absl::StatusOr<Session> Sessions::Start(Store& store, const SignIn& sign_in, const User& user) {
  const absl::Time now = clock_.Now();
  const absl::Duration left = sign_in.started_at + limits_.longest - now;
  Session session;
  session.access_token_life = std::min(kAccessTokenLife, left);
  session.refresh_token = credentials_.NewSecret(kSecretPrefix);
  Caller caller = user.AsCaller();
  caller.sign_in = sign_in.id.value();
  session.access_token = credentials_.AccessToken(caller, now, session.access_token_life);
  RefreshToken token;
  token.id = RefreshTokenId::New();
  token.sign_in = sign_in;
  token.hash = credentials_.HashSecret(session.refresh_token);
  token.issued_at = now;
  token.expires_at = now + std::min(kRefreshTokenLife, left);
  CW_RETURN_IF_ERROR(store.InsertRefreshToken(token));
  return session;
}

}  // namespace cartwise::tenant
