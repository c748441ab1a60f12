#include "domain/api_keys.hpp"

#include <algorithm>

#include "cartwise/base/status_macros.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

constexpr size_t kShownCharacters = 4;

bool Sees(const Caller& caller, const ApiKey& key) {
  if (key.branches.empty()) return !caller.VisibleBranches();
  return std::all_of(key.branches.begin(), key.branches.end(),
                     [&](const BranchId& branch) { return caller.MayIn(branch, Role::kAdmin); });
}

// The caller with the rights of now; they stay so until the transaction ends.
absl::StatusOr<Caller> HoldMaker(Store& store, const Caller& caller) {
  if (caller.chain.empty()) return reasons::ChainStaffOnly();
  CW_RETURN_IF_ERROR(store.HoldStaff(caller.chain));
  CW_ASSIGN_OR_RETURN(const auto account, store.FindAccount(UserId(caller.subject)));
  if (!account || !account->may_sign_in) return reasons::SignInEnded();
  Caller maker = caller;
  maker.grants = account->user.Grants();
  return maker;
}

// As if somebody were given what the key is.
absl::Status CheckRights(Store& store, const Caller& maker, const ApiKey& key) {
  if (maker.StrongestRole() < Role::kAdmin) return reasons::RoleAboveOwn();
  User holder;
  holder.chain = key.chain;
  holder.role = key.role;
  holder.branches = key.branches;
  holder.whole_chain = key.branches.empty();
  return CheckGrant(store, maker, holder);
}

// What the audit log tells of a key: "VIEWER: branches:read, carts:read".
std::string RightsOf(const ApiKey& key) {
  std::string words(RoleName(key.role));
  if (!key.branches.empty()) words += " of " + std::to_string(key.branches.size()) + " branches";
  for (size_t i = 0; i < key.scopes.size(); ++i) words += (i == 0 ? ": " : ", ") + key.scopes[i];
  return words;
}

template <typename T>
void SortUnique(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

absl::StatusOr<Listing<ApiKey>> ListApiKeys(Store& store, const Caller& caller,
                                            const PageRequest& page) {
  CW_RETURN_IF_ERROR(CheckEndsWithId(page));
  CW_ASSIGN_OR_RETURN(auto rows, store.ListApiKeys(caller.VisibleBranches(), page));
  return ToListing(std::move(rows), page,
                   [](const ApiKey& last) { return std::vector<std::string>{last.id.value()}; });
}

absl::StatusOr<ApiKey> GetApiKey(Store& store, const Caller& caller, const ApiKeyId& id) {
  CW_ASSIGN_OR_RETURN(auto key, store.FindApiKey(id));
  if (!key || !Sees(caller, *key)) return reasons::ApiKeyNotFound();
  return *std::move(key);
}

absl::StatusOr<IssuedApiKey> CreateApiKey(Store& store, const Caller& caller,
                                          Credentials& credentials,
                                          const std::set<std::string>& known, ApiKey want,
                                          absl::Time now) {
  SortUnique(want.branches);
  SortUnique(want.scopes);
  CW_RETURN_IF_ERROR(want.Check(known, now));
  CW_ASSIGN_OR_RETURN(const Caller maker, HoldMaker(store, caller));
  want.id = ApiKeyId::New();
  want.chain = caller.chain;
  want.created_by = UserId(caller.subject);
  want.created_at = now;
  CW_RETURN_IF_ERROR(CheckRights(store, maker, want));
  IssuedApiKey issued;
  issued.secret = credentials.NewSecret(SecretPrefixOf(want.id));
  want.last_characters = issued.secret.substr(issued.secret.size() - kShownCharacters);
  issued.key = std::move(want);
  CW_RETURN_IF_ERROR(store.InsertApiKey(issued.key, credentials.HashSecret(issued.secret)));
  CW_RETURN_IF_ERROR(store.Announce(ChangeBy(caller, "api_key.created", now, RightsOf(issued.key)),
                                    Thing{issued.key.chain, {}, issued.key.id.value()}));
  return issued;
}

absl::Status RevokeApiKey(Store& store, const Caller& caller, const ApiKeyId& id, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const ApiKey key, GetApiKey(store, caller, id));
  CW_RETURN_IF_ERROR(store.RevokeApiKey(key, now));
  return store.Announce(ChangeBy(caller, "api_key.revoked", now), Thing{key.chain, {}, id.value()});
}

absl::StatusOr<ApiKeyToken> ExchangeApiKey(Store& store, Credentials& credentials,
                                           const std::string& secret, absl::Time now) {
  const auto id = IdInSecret(secret);
  if (!id) return reasons::ApiKeyInvalid();
  CW_ASSIGN_OR_RETURN(const auto key, store.UseApiKey(*id, credentials.HashSecret(secret), now));
  if (!key) return reasons::ApiKeyInvalid();
  CW_ASSIGN_OR_RETURN(const auto maker, store.FindAccount(key->created_by));
  if (!maker || !maker->may_sign_in) return reasons::ApiKeyInvalid();
  const Caller caller = key->AsCaller(maker->user);
  if (caller.grants.empty()) return reasons::ApiKeyInvalid();
  const absl::Duration life = std::min(kApiKeyTokenLife, key->expires_at - now);
  return ApiKeyToken{credentials.AccessToken(caller, now, life), now + life};
}

}  // namespace cartwise::tenant
