#include "domain/api_key.hpp"

#include <algorithm>
#include <iterator>

#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>

#include "domain/fields.hpp"

namespace cartwise::tenant {
namespace {

constexpr std::string_view kPrefix = "cwak_";
constexpr size_t kIdDigits = 32;
constexpr size_t kMostSecretBytes = 200;
constexpr absl::Duration kLongestLife = absl::Hours(366 * 24);

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

absl::Status ApiKey::Check(const std::set<std::string>& known, absl::Time now) const {
  errors::FieldErrors errors;
  CheckText(errors, "name", name, 1, 100);
  errors.Require(role != Role::kNone && role != Role::kPlatformAdmin, "role",
                 "must be OWNER, ADMIN, OPERATOR, INSTALLER or VIEWER");
  errors.Require(branches.size() <= kMostBranches, "branch_ids", "must be at most 200");
  const bool all_known = std::all_of(scopes.begin(), scopes.end(), [&](const std::string& scope) {
    return known.count(scope) == 1;
  });
  errors.Require(!scopes.empty() && all_known, "scopes",
                 "must be one or more of " + absl::StrJoin(known, ", "));
  errors.Require(now < expires_at && expires_at <= now + kLongestLife, "expires_at",
                 "is required: a time from now to 366 days ahead");
  errors.Require(requests_per_minute >= 0 && requests_per_minute <= 100'000, "requests_per_minute",
                 "must be 1 to 100,000, or 0 for the usual rate");
  return errors.ToStatus();
}

std::vector<Grant> ApiKey::GrantsUnder(const User& maker) const {
  std::vector<Grant> grants;
  for (const Grant& own : maker.Grants()) {
    Grant grant{std::min(role, own.role), branches};
    if (branches.empty()) {
      grant.branches = own.branches;
    } else if (!own.branches.empty()) {
      grant.branches.clear();
      std::set_intersection(branches.begin(), branches.end(), own.branches.begin(),
                            own.branches.end(), std::back_inserter(grant.branches));
      // In a Grant, no branches mean every branch.
      if (grant.branches.empty()) continue;
    }
    grants.push_back(std::move(grant));
  }
  return grants;
}

Caller ApiKey::AsCaller(const User& maker) const {
  Caller caller;
  caller.principal = Principal::kApiKey;
  caller.subject = id.value();
  caller.chain = chain;
  caller.grants = GrantsUnder(maker);
  caller.rights_version = maker.rights_version;
  caller.scopes = scopes;
  caller.requests_per_minute = requests_per_minute;
  return caller;
}

std::string SecretPrefixOf(const ApiKeyId& id) {
  return std::string(kPrefix) + absl::StrReplaceAll(id.value(), {{"-", ""}}) + "_";
}

std::optional<ApiKeyId> IdInSecret(const std::string& secret) {
  const size_t end = kPrefix.size() + kIdDigits;
  if (secret.size() <= end + 1 || secret.size() > kMostSecretBytes || secret[end] != '_' ||
      !std::string_view(secret).starts_with(kPrefix)) {
    return std::nullopt;
  }
  std::string id = secret.substr(kPrefix.size(), kIdDigits);
  if (!IsLowerHex(id)) return std::nullopt;
  for (const size_t at : {8, 13, 18, 23}) id.insert(at, "-");
  return ApiKeyId(id);
}

}  // namespace cartwise::tenant
