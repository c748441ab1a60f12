#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

#define KEY_COLUMNS                                                                   \
  "chain_id, key_id, branch_id, max_uses, used, expires_at, revoked_at, created_at, " \
  "created_by"

// Ids are UUIDs of version 7: newest first is by id, downwards.
constexpr pg::Query kList{"tenant_list_enrollment_keys", "SELECT " KEY_COLUMNS R"sql(
    FROM tenant.enrollment_keys
   WHERE branch_id = $1 AND ($2::uuid IS NULL OR key_id < $2)
   ORDER BY key_id DESC
   LIMIT $3::int)sql"};

constexpr pg::Query kInsert{"tenant_insert_enrollment_key", R"sql(
  INSERT INTO tenant.enrollment_keys (chain_id, key_id, branch_id, key_hash, max_uses, expires_at,
                                      created_at, created_by)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};

constexpr pg::Query kRevoke{"tenant_revoke_enrollment_key", R"sql(
  UPDATE tenant.enrollment_keys SET revoked_at = coalesce(revoked_at, $3)
   WHERE branch_id = $1 AND key_id = $2
  RETURNING 1 AS revoked)sql"};

constexpr pg::Query kFindByHash{"tenant_find_enrollment_key", "SELECT " KEY_COLUMNS R"sql(
    FROM tenant.enrollment_keys WHERE key_hash = $1)sql"};

constexpr pg::Query kRemember{"tenant_remember_redemption", R"sql(
  INSERT INTO tenant.enrollment_redemptions (chain_id, key_id, mac_address, redeemed_at)
  VALUES ($1, $2, $3, $4)
  ON CONFLICT DO NOTHING RETURNING 1 AS first_time)sql"};

// The row's lock makes devices that race for the last use take turns; the
// condition is read again after the wait, so one of them finds it used up.
constexpr pg::Query kSpend{"tenant_spend_enrollment_key", R"sql(
  UPDATE tenant.enrollment_keys SET used = used + 1
   WHERE chain_id = $1 AND key_id = $2 AND used < max_uses
     AND revoked_at IS NULL AND expires_at > $3
  RETURNING 1 AS spent)sql"};

EnrollmentKey Read(const pg::Row& row) {
  EnrollmentKey key;
  key.id = row.As<EnrollmentKeyId>("key_id");
  key.chain = row.As<ChainId>("chain_id");
  key.branch = row.As<BranchId>("branch_id");
  key.max_uses = int(row.Int("max_uses"));
  key.used = int(row.Int("used"));
  key.expires_at = row.Time("expires_at");
  key.revoked_at = row.OptTime("revoked_at");
  key.created_at = row.Time("created_at");
  key.created_by = row.Text("created_by");
  return key;
}

}  // namespace

absl::StatusOr<std::vector<EnrollmentKey>> PgStore::ListEnrollmentKeys(const BranchId& branch,
                                                                       const PageRequest& page) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kList, branch, After(page, 0), page.size + 1));
  return ReadAll(rows, Read);
}

absl::Status PgStore::InsertEnrollmentKey(const EnrollmentKey& key, const std::string& hash) {
  return tx_
      .Run(kInsert, key.chain, key.id, key.branch, hash, key.max_uses, key.expires_at,
           key.created_at, key.created_by)
      .status();
}

absl::StatusOr<bool> PgStore::RevokeEnrollmentKey(const BranchId& branch, const EnrollmentKeyId& id,
                                                  absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kRevoke, branch, id, now));
  return !rows.empty();
}

absl::StatusOr<std::optional<EnrollmentKey>> PgStore::FindEnrollmentKeyByHash(
    const std::string& hash) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFindByHash, hash));
  return ReadOne(rows, Read);
}

absl::StatusOr<bool> PgStore::RememberRedemption(const EnrollmentKey& key,
                                                 const std::string& mac_address, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kRemember, key.chain, key.id, mac_address, now));
  return !rows.empty();
}

absl::StatusOr<bool> PgStore::SpendEnrollmentKey(const EnrollmentKey& key, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kSpend, key.chain, key.id, now));
  return !rows.empty();
}

}  // namespace cartwise::tenant
