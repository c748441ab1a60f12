#include "domain/users.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/chains.hpp"
#include "domain/fields.hpp"
#include "domain/password_words.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

// The caller with the rights of this moment: those in an access token may be
// minutes old, and with them whoever lost a role could give it back to themselves.
absl::StatusOr<Caller> AsOfNow(Store& store, const Caller& caller) {
  if (caller.principal != Principal::kStaff) return caller;
  CW_ASSIGN_OR_RETURN(const auto account, store.FindAccount(UserId(caller.subject)));
  if (!account) return caller;  // no person: the rights are the token's own
  if (!account->may_sign_in) return reasons::SignInEnded();
  Caller now = caller;
  now.grants = account->user.Grants();
  return now;
}

// Leaves of the user's branches those that the caller sees too. False when that
// makes the user nobody whom the caller sees.
bool Narrow(const std::optional<std::vector<BranchId>>& visible, User& user) {
  if (!visible) return true;
  std::erase_if(user.branches, [&](const BranchId& branch) {
    return std::find(visible->begin(), visible->end(), branch) == visible->end();
  });
  return !user.whole_chain && !user.branches.empty();
}

// The caller administers everything that the user has a role in, and the role is
// not above the caller's own.
bool Manages(const Caller& caller, const User& user) {
  const Role least = std::max(Role::kAdmin, user.role);
  if (user.whole_chain || user.branches.empty()) return caller.HasChainRole(least);
  return std::all_of(user.branches.begin(), user.branches.end(),
                     [&](const BranchId& branch) { return caller.MayIn(branch, least); });
}

absl::StatusOr<User> MustSee(Store& store, const Caller& caller, const UserId& id) {
  CW_ASSIGN_OR_RETURN(auto account, store.FindAccount(id));
  if (!account) return reasons::UserNotFound();
  User narrowed = account->user;
  if (!Narrow(caller.VisibleBranches(), narrowed)) return reasons::UserNotFound();
  return std::move(account->user);
}

// One more active user fits the plan. Whoever else changes staff waits, so the
// count holds until the commit.
absl::Status CheckRoom(Store& store, const ChainId& chain) {
  CW_RETURN_IF_ERROR(store.HoldStaff(chain));
  CW_ASSIGN_OR_RETURN(const StaffCount staff, store.CountStaff(chain));
  return staff.active < staff.allowed ? absl::OkStatus() : reasons::TooManyUsers(staff.allowed);
}

// What the audit log tells of rights: "ADMIN", or "OPERATOR of 2 branches".
std::string RoleWords(const User& user) {
  std::string words(RoleName(user.role));
  if (user.whole_chain) return words;
  return words + " of " + std::to_string(user.branches.size()) + " branches";
}

bool SameGrant(const User& a, const User& b) {
  return a.role == b.role && a.whole_chain == b.whole_chain && a.branches == b.branches;
}

}  // namespace

absl::Status CheckGrant(Store& store, const Caller& giver, const User& want) {
  if (want.whole_chain) {
    return giver.HasChainRole(want.role) ? absl::OkStatus() : reasons::RoleAboveOwn();
  }
  CW_ASSIGN_OR_RETURN(const auto held, store.HoldBranches(want.chain, want.branches));
  if (held.size() != want.branches.size()) return reasons::BranchNotFound();
  for (const BranchId& branch : want.branches) {
    if (!giver.MayIn(branch, Role::kAdmin)) return reasons::BranchNotFound();
    if (!giver.MayIn(branch, want.role)) return reasons::RoleAboveOwn();
  }
  return absl::OkStatus();
}

absl::StatusOr<Listing<User>> ListUsers(Store& store, const Caller& caller,
                                        const PageRequest& page) {
  const auto visible = caller.VisibleBranches();
  CW_ASSIGN_OR_RETURN(auto rows, store.ListUsers(visible, page));
  for (User& user : rows) Narrow(visible, user);
  return ToListing(std::move(rows), page,
                   [](const User& last) { return std::vector<std::string>{last.email}; });
}

absl::StatusOr<User> CreateUser(Store& store, const Caller& caller, User want,
                                const std::string& password_hash, absl::Time now) {
  want.id = UserId::New();
  want.email = ToLowerAscii(want.email);
  want.active = true;
  want.created_at = want.updated_at = now;
  want.SortBranches();
  want.whole_chain = want.branches.empty();
  CW_RETURN_IF_ERROR(want.Check());
  CW_ASSIGN_OR_RETURN(want.chain, HoldChainFor(store, caller, want.chain));
  CW_ASSIGN_OR_RETURN(const Caller giver, AsOfNow(store, caller));
  CW_RETURN_IF_ERROR(CheckGrant(store, giver, want));
  CW_RETURN_IF_ERROR(CheckRoom(store, want.chain));
  CW_RETURN_IF_ERROR(store.InsertUser(want, password_hash));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "user.created", now, RoleWords(want)),
                                    Thing{want.chain, {}, want.id.value()}));
  return want;
}

absl::StatusOr<User> GetUser(Store& store, const Caller& caller, const UserId& id) {
  CW_ASSIGN_OR_RETURN(User user, MustSee(store, caller, id));
  Narrow(caller.VisibleBranches(), user);
  return user;
}

absl::StatusOr<ManagedUser> HoldManaged(Store& store, const Caller& caller, const UserId& id) {
  CW_ASSIGN_OR_RETURN(const User seen, MustSee(store, caller, id));
  if (seen.chain.empty()) return reasons::PlatformAdminFixed();
  // From here on staff of the chain stays as it is, so everything is read again.
  CW_RETURN_IF_ERROR(store.HoldStaff(seen.chain));
  CW_ASSIGN_OR_RETURN(Caller giver, AsOfNow(store, caller));
  CW_ASSIGN_OR_RETURN(User user, MustSee(store, giver, id));
  if (!Manages(giver, user)) return reasons::RoleAboveOwn();
  return ManagedUser{std::move(giver), std::move(user)};
}

absl::StatusOr<User> UpdateUser(Store& store, const Caller& caller, const UserId& id,
                                const UserChange& change, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const ManagedUser managed, HoldManaged(store, caller, id));
  const User& before = managed.user;
  CW_ASSIGN_OR_RETURN(User user, change.Of(before, now));
  if (!SameGrant(before, user)) CW_RETURN_IF_ERROR(CheckGrant(store, managed.giver, user));
  if (before.KeepsChain() && !user.KeepsChain()) {
    CW_ASSIGN_OR_RETURN(const int owners, store.CountOwners(user.chain));
    if (owners <= 1) return reasons::LastOwner();
  }
  if (user.active && !before.active) CW_RETURN_IF_ERROR(CheckRoom(store, user.chain));
  CW_RETURN_IF_ERROR(store.UpdateUser(user));
  if (!user.active) CW_RETURN_IF_ERROR(store.RevokeSignIns(user, "user deactivated", now));
  const char* const what = before.active && !user.active ? "user.deactivated" : "user.updated";
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, what, now, RoleWords(user)),
                                    Thing{user.chain, {}, id.value()}));
  return user;
}

absl::StatusOr<User> GetMe(Store& store, const Caller& caller) {
  CW_ASSIGN_OR_RETURN(auto account, store.FindAccount(UserId(caller.subject)));
  if (!account || !account->may_sign_in) return reasons::SignInEnded();
  return std::move(account->user);
}

absl::Status SetPlatformAdmin(TenantDatabase& database, Credentials& credentials,
                              const std::string& email, const std::string& password,
                              absl::Time now) {
  User admin;
  admin.id = UserId::New();
  admin.email = ToLowerAscii(email);
  admin.name = "Platform admin";
  admin.role = Role::kPlatformAdmin;
  admin.created_at = admin.updated_at = now;
  if (!IsEmail(admin.email)) return errors::InvalidField("email", "must be an e-mail address");
  CW_RETURN_IF_ERROR(CheckNewPassword(password));
  if (credentials.IsGuessable(password, WordsAbout(admin, nullptr))) {
    return reasons::PasswordGuessable();
  }
  CW_ASSIGN_OR_RETURN(const std::string hash,
                      credentials.HashPassword(password, absl::InfiniteFuture()));

  return database.Write(Caller::Service("tenant-svc"), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto there, store.FindAccountByEmail(admin.email));
    if (there && there->user.role != Role::kPlatformAdmin) return reasons::EmailTaken();
    const std::string id = there ? there->user.id.value() : admin.id.value();
    const Change change =
        ChangeBy(Caller::Service("tenant-svc"), there ? "user.password_set" : "user.created", now,
                 "by the command on the server");
    CW_RETURN_IF_ERROR(store.Announce(change, Thing{{}, {}, id}));
    if (!there) return store.InsertUser(admin, hash);
    // Whoever commands the server is who helps an admin that lost the second factor.
    CW_RETURN_IF_ERROR(store.DeleteFactor(there->user).status());
    return store.ResetPassword(there->user, hash, now);
  });
}

}  // namespace cartwise::tenant
