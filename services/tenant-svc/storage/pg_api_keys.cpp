#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

#define KEY_COLUMNS                                                                       \
  "chain_id, key_id, name, last_characters, role, array_to_string(branch_ids, ',') AS "   \
  "branch_ids, array_to_string(scopes, ',') AS scopes, requests_per_minute, created_by, " \
  "created_at, expires_at, revoked_at, last_used_at"

// Ids are UUIDs of version 7: newest first is by id, downwards.
constexpr pg::Query kList{"tenant_list_api_keys", "SELECT " KEY_COLUMNS R"sql(
    FROM tenant.api_keys
   WHERE ($1::text IS NULL OR (NOT whole_chain AND branch_ids <@ $1::text::uuid[]))
     AND ($2::uuid IS NULL OR key_id < $2)
   ORDER BY key_id DESC
   LIMIT $3::int)sql"};

constexpr pg::Query kFind{"tenant_find_api_key", "SELECT " KEY_COLUMNS R"sql(
    FROM tenant.api_keys WHERE key_id = $1)sql"};

constexpr pg::Query kInsert{"tenant_insert_api_key", R"sql(
  INSERT INTO tenant.api_keys (chain_id, key_id, name, key_hash, last_characters, role, whole_chain,
                               branch_ids, scopes, requests_per_minute, created_by, created_at,
                               expires_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::uuid[], $9::text::text[], $10, $11, $12, $13))sql"};

constexpr pg::Query kRevoke{"tenant_revoke_api_key", R"sql(
  UPDATE tenant.api_keys SET revoked_at = $3
   WHERE chain_id = $1 AND key_id = $2 AND revoked_at IS NULL)sql"};

// One that revokes the key meanwhile goes first: the condition is read again
// after the wait.
constexpr pg::Query kUse{"tenant_use_api_key", R"sql(
  UPDATE tenant.api_keys SET last_used_at = $3
   WHERE key_id = $1 AND key_hash = $2 AND revoked_at IS NULL AND expires_at > $3
  RETURNING )sql" KEY_COLUMNS};

ApiKey Read(const pg::Row& row) {
  ApiKey key;
  key.id = row.As<ApiKeyId>("key_id");
  key.chain = row.As<ChainId>("chain_id");
  key.name = row.Text("name");
  key.last_characters = row.Text("last_characters");
  key.role = RoleFromName(row.Text("role"));
  const std::string branches = row.Text("branch_ids"), scopes = row.Text("scopes");
  for (const auto branch : absl::StrSplit(branches, ',', absl::SkipEmpty())) {
    key.branches.emplace_back(std::string(branch));
  }
  for (const auto scope : absl::StrSplit(scopes, ',', absl::SkipEmpty())) {
    key.scopes.emplace_back(scope);
  }
  key.requests_per_minute = int(row.Int("requests_per_minute"));
  key.created_by = row.As<UserId>("created_by");
  key.created_at = row.Time("created_at");
  key.expires_at = row.Time("expires_at");
  key.revoked_at = row.OptTime("revoked_at");
  key.last_used_at = row.OptTime("last_used_at");
  return key;
}

}  // namespace

absl::StatusOr<std::vector<ApiKey>> PgStore::ListApiKeys(
    const std::optional<std::vector<BranchId>>& only, const PageRequest& page) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kList, only, After(page, 0), page.size + 1));
  return ReadAll(rows, Read);
}

absl::StatusOr<std::optional<ApiKey>> PgStore::FindApiKey(const ApiKeyId& id) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFind, id));
  return ReadOne(rows, Read);
}

absl::Status PgStore::InsertApiKey(const ApiKey& key, const std::string& hash) {
  return tx_
      .Run(kInsert, key.chain, key.id, key.name, hash, key.last_characters, RoleName(key.role),
           key.branches.empty(), key.branches, key.scopes, key.requests_per_minute, key.created_by,
           key.created_at, key.expires_at)
      .status();
}

absl::Status PgStore::RevokeApiKey(const ApiKey& key, absl::Time now) {
  return tx_.Run(kRevoke, key.chain, key.id, now).status();
}

absl::StatusOr<std::optional<ApiKey>> PgStore::UseApiKey(const ApiKeyId& id,
                                                         const std::string& hash, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kUse, id, hash, now));
  return ReadOne(rows, Read);
}

}  // namespace cartwise::tenant
