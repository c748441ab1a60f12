#include "domain/passwords.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/password_words.hpp"
#include "domain/reasons.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kSecretPrefix[] = "cwpl_";

// The account as it is when the password is set; nobody changes it meanwhile.
absl::StatusOr<std::optional<Account>> Hold(Store& store, const ChainId& chain, const UserId& id) {
  if (!chain.empty()) CW_RETURN_IF_ERROR(store.HoldStaff(chain));
  return store.FindAccount(id);
}

}  // namespace

absl::StatusOr<IssuedLink> NewPasswordLink(Store& store, const Caller& caller,
                                           Credentials& credentials, const User& user,
                                           absl::Time now) {
  IssuedLink issued;
  issued.secret = credentials.NewSecret(kSecretPrefix);
  issued.link = {user.chain, user.id, now, now + kPasswordLinkLife, caller.Label()};
  CW_RETURN_IF_ERROR(store.InsertPasswordLink(issued.link, credentials.HashSecret(issued.secret)));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "user.password_link_created", now),
                                    Thing{user.chain, {}, user.id.value()}));
  return issued;
}

absl::StatusOr<IssuedLink> CreatePasswordLink(Store& store, const Caller& caller,
                                              Credentials& credentials, const UserId& id,
                                              absl::Time now) {
  CW_ASSIGN_OR_RETURN(const ManagedUser managed, HoldManaged(store, caller, id));
  return NewPasswordLink(store, caller, credentials, managed.user, now);
}

absl::Status Passwords::CreateUser(
    const Caller& caller, const User& want, const std::string& password,
    absl::FunctionRef<void(const User&, const std::optional<IssuedLink>&)> made) {
  std::string hash;  // nobody's, which no password fits
  if (!password.empty()) {
    CW_RETURN_IF_ERROR(CheckNewPassword(password));
    // Tried and taken back before the slow hash, which refused requests and repeated ones
    // would use up.
    bool fits = false;
    absl::Status tried = database_.Write(caller, [&](Store& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(const User user,
                          tenant::CreateUser(store, caller, want, hash, clock_.Now()));
      CW_RETURN_IF_ERROR(CheckGuessable(store, credentials_, user, password));
      fits = true;
      return absl::CancelledError("only tried");
    });
    if (!fits) return tried;
    CW_ASSIGN_OR_RETURN(hash, credentials_.HashPassword(password, caller.deadline));
  }
  return database_.Write(caller, [&](Store& store) -> absl::Status {
    const absl::Time now = clock_.Now();
    CW_ASSIGN_OR_RETURN(const User user, tenant::CreateUser(store, caller, want, hash, now));
    std::optional<IssuedLink> link;
    if (hash.empty()) {
      CW_ASSIGN_OR_RETURN(link, NewPasswordLink(store, caller, credentials_, user, now));
    }
    made(user, link);
    return absl::OkStatus();
  });
}

absl::StatusOr<Session> Passwords::Change(const Caller& caller, const std::string& old_password,
                                          const std::string& new_password,
                                          const std::string& code) {
  CW_RETURN_IF_ERROR(CheckNewPassword(new_password, "new_password"));
  if (old_password.size() > kMostPasswordBytes) return reasons::WrongPassword();
  const UserId id(caller.subject);
  std::optional<Account> account;
  CW_RETURN_IF_ERROR(database_.Read(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(account, store.FindAccount(id));
    if (!account || !account->may_sign_in) return reasons::SignInEnded();
    return CheckGuessable(store, credentials_, account->user, new_password);
  }));
  CW_ASSIGN_OR_RETURN(const auto fitting, sessions_.Confirm(caller, *account, old_password, code));
  CW_ASSIGN_OR_RETURN(const std::string hash,
                      credentials_.HashPassword(new_password, caller.deadline));

  absl::StatusOr<Session> session;
  CW_RETURN_IF_ERROR(database_.Write(AsPlatform(caller), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto held, Hold(store, account->user.chain, id));
    if (!held || !held->may_sign_in) return reasons::SignInEnded();
    if (held->password_hash != account->password_hash) return reasons::WrongPassword();
    if (fitting) CW_RETURN_IF_ERROR(factors_.Spend(store, held->user, *fitting));
    const absl::Time now = clock_.Now();
    CW_RETURN_IF_ERROR(store.ResetPassword(held->user, hash, now));
    CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "user.password_changed", now),
                                      Thing{held->user.chain, {}, id.value()}));
    session = sessions_.Begin(store, caller, held->user);
    return session.status();
  }));
  return session;
}

absl::Status Passwords::SetByLink(const Caller& caller, const std::string& secret,
                                  const std::string& new_password) {
  CW_RETURN_IF_ERROR(CheckNewPassword(new_password, "new_password"));
  const Caller platform = AsPlatform(caller);
  const std::string link_hash = credentials_.HashSecret(secret);
  const absl::Time now = clock_.Now();
  // Made-up links are refused before the slow hash, which a flood would use up.
  CW_RETURN_IF_ERROR(database_.Read(platform, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto link, store.FindPasswordLink(link_hash, now));
    if (!link) return reasons::LinkInvalid();
    CW_ASSIGN_OR_RETURN(const auto account, store.FindAccount(link->user));
    if (!account || !account->may_sign_in) return reasons::LinkInvalid();
    return CheckGuessable(store, credentials_, account->user, new_password);
  }));
  CW_ASSIGN_OR_RETURN(const std::string hash,
                      credentials_.HashPassword(new_password, caller.deadline));
  return database_.Write(platform, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto link, store.FindPasswordLink(link_hash, now));
    if (!link) return reasons::LinkInvalid();
    CW_ASSIGN_OR_RETURN(const auto held, Hold(store, link->chain, link->user));
    if (!held || !held->may_sign_in) return reasons::LinkInvalid();
    CW_ASSIGN_OR_RETURN(const bool spent, store.SpendPasswordLink(*link, link_hash));
    if (!spent) return reasons::LinkInvalid();
    CW_RETURN_IF_ERROR(store.ResetPassword(held->user, hash, now));
    return store.Announce(ChangeBy(AsUser(caller, held->user), "user.password_set", now),
                          Thing{held->user.chain, {}, held->user.id.value()});
  });
}

}  // namespace cartwise::tenant
