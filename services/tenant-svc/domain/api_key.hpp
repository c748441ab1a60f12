#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/ids.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {

using ApiKeyId = StrongId<struct ApiKeyTag>;

inline constexpr absl::Duration kApiKeyTokenLife = absl::Minutes(5);

/// Lets a program of the chain call us. The secret is known to its maker only; a
/// plain value otherwise.
struct ApiKey {
  ApiKeyId id;
  ChainId chain;
  std::string name;
  std::string last_characters;  ///< of the secret
  Role role = Role::kNone;
  std::vector<BranchId> branches;   ///< sorted; none for the whole chain
  std::vector<std::string> scopes;  ///< sorted
  int requests_per_minute = 0;      ///< 0 for the usual rate
  UserId created_by;
  absl::Time created_at;
  absl::Time expires_at;
  std::optional<absl::Time> revoked_at;
  std::optional<absl::Time> last_used_at;

  /// INVALID_FIELD naming every field at fault; `known` are the scopes there are.
  absl::Status Check(const std::set<std::string>& known, absl::Time now) const;

  /// What the key may do while its maker may do what they may now; none when
  /// nothing is left.
  std::vector<Grant> GrantsUnder(const User& maker) const;

  /// The caller that a token of this key stands for.
  Caller AsCaller(const User& maker) const;
};

/// A new secret starts with this: prefix, id, separator.
std::string SecretPrefixOf(const ApiKeyId& id);
/// The id that stands in a secret; nullopt for what cannot be one.
std::optional<ApiKeyId> IdInSecret(const std::string& secret);

}  // namespace cartwise::tenant
