#include "domain/users.hpp"

#include <algorithm>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/chains.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"

namespace cartwise::tenant {
namespace {

// The branches exist, the caller administers each, and the role is not above
// the caller's own there.
absl::Status CheckGrant(Store& store, const Caller& caller, const User& want) {
  if (want.whole_chain) {
    return caller.HasChainRole(want.role) ? absl::OkStatus() : reasons::RoleAboveOwn();
  }
  CW_ASSIGN_OR_RETURN(const auto held, store.HoldBranches(want.chain, want.branches));
  if (held.size() != want.branches.size()) return reasons::BranchNotFound();
  for (const BranchId& branch : want.branches) {
    if (!caller.MayIn(branch, Role::kAdmin)) return reasons::BranchNotFound();
    if (!caller.MayIn(branch, want.role)) return reasons::RoleAboveOwn();
  }
  return absl::OkStatus();
}

void Sort(std::vector<BranchId>& branches) {
  std::sort(branches.begin(), branches.end());
  branches.erase(std::unique(branches.begin(), branches.end()), branches.end());
}

}  // namespace

absl::StatusOr<Listing<User>> ListUsers(Store& store, const Caller& caller,
                                        const PageRequest& page) {
  CW_RETURN_IF_ERROR(CheckPage(page, /*ends_with_id=*/false));
  const auto visible = caller.VisibleBranches();
  CW_ASSIGN_OR_RETURN(auto rows, store.ListUsers(visible, page));
  for (User& user : rows) {
    if (!visible) break;
    std::erase_if(user.branches, [&](const BranchId& branch) {
      return std::find(visible->begin(), visible->end(), branch) == visible->end();
    });
  }
  return ToListing(std::move(rows), page,
                   [](const User& last) { return std::vector<std::string>{last.email}; });
}

absl::StatusOr<User> CreateUser(Store& store, const Caller& caller, User want,
                                const std::string& password_hash, absl::Time now) {
  want.id = UserId::New();
  want.email = ToLowerAscii(want.email);
  want.active = true;
  want.created_at = want.updated_at = now;
  Sort(want.branches);
  want.whole_chain = want.branches.empty();
  CW_RETURN_IF_ERROR(want.Check());
  CW_ASSIGN_OR_RETURN(want.chain, HoldChainFor(store, caller, want.chain));
  CW_RETURN_IF_ERROR(CheckGrant(store, caller, want));
  CW_RETURN_IF_ERROR(store.InsertUser(want, password_hash));
  return want;
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
  CW_ASSIGN_OR_RETURN(const std::string hash,
                      credentials.HashPassword(password, absl::InfiniteFuture()));

  return database.Write(Caller::Service("tenant-svc"), [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto there, store.FindAccountByEmail(admin.email));
    if (!there) return store.InsertUser(admin, hash);
    if (there->user.role != Role::kPlatformAdmin) return reasons::EmailTaken();
    return store.ResetPassword(there->user, hash, now);
  });
}

}  // namespace cartwise::tenant
