#include "cartwise/base/caller.hpp"

#include <algorithm>
#include <array>

namespace cartwise {
namespace {

constexpr std::array<std::string_view, 7> kRoleNames = {
    "", "VIEWER", "INSTALLER", "OPERATOR", "ADMIN", "OWNER", "PLATFORM_ADMIN"};

}  // namespace

Role RoleFromName(std::string_view name) {
  for (size_t i = 1; i < kRoleNames.size(); ++i) {
    if (kRoleNames[i] == name) return Role(i);
  }
  return Role::kNone;
}

std::string_view RoleName(Role role) {
  return kRoleNames[size_t(role)];
}

bool Grant::Covers(const BranchId& branch) const {
  return branches.empty() || std::find(branches.begin(), branches.end(), branch) != branches.end();
}

bool Caller::IsPlatformAdmin() const {
  return principal == Principal::kStaff && StrongestRole() == Role::kPlatformAdmin;
}

Role Caller::StrongestRole() const {
  Role strongest = Role::kNone;
  for (const Grant& grant : grants) strongest = std::max(strongest, grant.role);
  return strongest;
}

Role Caller::RoleIn(const BranchId& branch) const {
  Role strongest = Role::kNone;
  for (const Grant& grant : grants) {
    if (grant.Covers(branch)) strongest = std::max(strongest, grant.role);
  }
  return strongest;
}

bool Caller::HasChainRole(Role least) const {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.branches.empty() && grant.role >= least;
  });
}

bool Caller::MayIn(const BranchId& branch, Role least) const {
  return RoleIn(branch) >= least;
}

std::optional<std::vector<BranchId>> Caller::VisibleBranches() const {
  std::vector<BranchId> visible;
  for (const Grant& grant : grants) {
    if (grant.branches.empty()) return std::nullopt;
    visible.insert(visible.end(), grant.branches.begin(), grant.branches.end());
  }
  return visible;
}

std::string Caller::Label() const {
  switch (principal) {
    case Principal::kAnonymous:
      return "anonymous";
    case Principal::kShopper:
      return "shopper";
    case Principal::kStaff:
      return "user:" + subject;
    case Principal::kDevice:
      return "device:" + subject;
    case Principal::kService:
      return "service:" + subject;
    case Principal::kApiKey:
      return "key:" + subject;
  }
  return "anonymous";
}

Caller Caller::Service(std::string name) {
  Caller caller;
  caller.principal = Principal::kService;
  caller.subject = std::move(name);
  return caller;
}

}  // namespace cartwise
