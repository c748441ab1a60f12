#include "domain/user.hpp"

#include <algorithm>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/fields.hpp"

namespace cartwise::tenant {

absl::Status User::Check() const {
  errors::FieldErrors errors;
  errors.Require(IsEmail(email), "email", "must be an e-mail address");
  CheckText(errors, "name", name, 1, 200);
  errors.Require(role != Role::kNone && role != Role::kPlatformAdmin, "role",
                 "must be OWNER, ADMIN, OPERATOR, INSTALLER or VIEWER");
  errors.Require(branches.size() <= kMostBranches, "branch_ids", "must be at most 200");
  return errors.ToStatus();
}

std::vector<Grant> User::Grants() const {
  if (whole_chain) return {Grant{role, {}}};
  if (branches.empty()) return {};
  return {Grant{role, branches}};
}

Caller User::AsCaller() const {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.subject = id.value();
  caller.chain = chain;
  caller.grants = Grants();
  caller.rights_version = rights_version;
  return caller;
}

void User::SortBranches() {
  std::sort(branches.begin(), branches.end());
  branches.erase(std::unique(branches.begin(), branches.end()), branches.end());
}

absl::StatusOr<User> UserChange::Of(User user, absl::Time now) const {
  if (whole_chain && !branches.empty()) {
    return errors::InvalidField("branch_ids", "must be empty with whole_chain");
  }
  if (name) user.name = *name;
  if (role) user.role = *role;
  if (active) user.active = *active;
  if (whole_chain || !branches.empty()) {
    user.whole_chain = whole_chain;
    user.branches = branches;
    user.SortBranches();
  }
  user.updated_at = now;
  CW_RETURN_IF_ERROR(user.Check());
  return user;
}

absl::Status CheckNewPassword(std::string_view password, std::string_view field) {
  errors::FieldErrors errors;
  errors.Require(
      Utf8Length(password) >= kLeastPasswordCharacters && password.size() <= kMostPasswordBytes,
      field, "must have at least 12 characters and at most 1,024 bytes");
  return errors.ToStatus();
}

}  // namespace cartwise::tenant
