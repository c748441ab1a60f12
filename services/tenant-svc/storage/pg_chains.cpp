#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

#define CHAIN_COLUMNS                                                               \
  "chain_id, name, slug, description, contact_email, contact_phone, plan, active, " \
  "trial_ends_at, array_to_string(feature_flags, ',') AS feature_flags, created_at, updated_at"

constexpr pg::Query kList{"tenant_list_chains", "SELECT " CHAIN_COLUMNS R"sql(
    FROM tenant.chains
   WHERE deleted_at IS NULL
     AND ($1 = '' OR position(lower($1) IN lower(name)) > 0)
     AND ($2::text IS NULL OR (name, chain_id) > ($2, $3::uuid))
   ORDER BY name, chain_id
   LIMIT $4::int)sql"};

constexpr pg::Query kFind{"tenant_find_chain", "SELECT " CHAIN_COLUMNS R"sql(
    FROM tenant.chains WHERE chain_id = $1 AND deleted_at IS NULL)sql"};

constexpr pg::Query kFindForChange{"tenant_find_chain_for_change", "SELECT " CHAIN_COLUMNS R"sql(
    FROM tenant.chains WHERE chain_id = $1 AND deleted_at IS NULL FOR UPDATE)sql"};

// KEY SHARE: lets others add to the chain too, and makes its deletion wait.
constexpr pg::Query kHold{"tenant_hold_chain", R"sql(
  SELECT 1 AS held FROM tenant.chains
   WHERE chain_id = $1 AND deleted_at IS NULL FOR KEY SHARE)sql"};

constexpr pg::Query kInsert{"tenant_insert_chain", R"sql(
  INSERT INTO tenant.chains (chain_id, name, slug, description, contact_email, contact_phone,
                             plan, active, trial_ends_at, feature_flags, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, string_to_array($10, ','), $11, $11))sql"};

constexpr pg::Query kUpdate{"tenant_update_chain", R"sql(
  UPDATE tenant.chains
     SET name = $2, slug = $3, description = $4, contact_email = $5, contact_phone = $6,
         plan = $7, active = $8, trial_ends_at = $9, feature_flags = string_to_array($10, ','),
         updated_at = $11
   WHERE chain_id = $1)sql"};

// SKIP LOCKED: what another replica is at work on is in good hands.
constexpr pg::Query kTakeEndedTrials{"tenant_take_ended_trials", "SELECT " CHAIN_COLUMNS R"sql(
    FROM tenant.chains WHERE active AND trial_ends_at <= $1 AND deleted_at IS NULL
   ORDER BY trial_ends_at LIMIT 100 FOR UPDATE SKIP LOCKED)sql"};

constexpr pg::Query kHasBranches{"tenant_chain_has_branches", R"sql(
  SELECT EXISTS (SELECT FROM tenant.branches
                  WHERE chain_id = $1 AND deleted_at IS NULL) AS has_branches)sql"};

// One statement: a chain without its people gone would leave e-mails taken for ever.
constexpr pg::Query kDelete{"tenant_delete_chain", R"sql(
  WITH ended AS (
    UPDATE tenant.sign_ins SET revoked_at = $2, revoked_reason = 'chain deleted'
     WHERE chain_id = $1 AND revoked_at IS NULL),
  gone AS (
    UPDATE tenant.users SET deleted_at = $2, updated_at = $2
     WHERE chain_id = $1 AND deleted_at IS NULL)
  UPDATE tenant.chains SET deleted_at = $2, updated_at = $2 WHERE chain_id = $1)sql"};

Chain Read(const pg::Row& row) {
  Chain chain;
  chain.id = row.As<ChainId>("chain_id");
  chain.name = row.Text("name");
  chain.slug = row.Text("slug");
  chain.description = row.Text("description");
  chain.contact_email = row.Text("contact_email");
  chain.contact_phone = row.Text("contact_phone");
  chain.plan = PlanFromName(row.Text("plan"));
  chain.trial_ends_at = row.OptTime("trial_ends_at");
  const std::string flags = row.Text("feature_flags");
  chain.feature_flags = absl::StrSplit(flags, ',', absl::SkipEmpty());
  chain.active = row.Bool("active");
  chain.created_at = row.Time("created_at");
  chain.updated_at = row.Time("updated_at");
  return chain;
}

absl::Status SlugOr(const absl::Status& status) {
  return absl::IsAlreadyExists(status) ? reasons::SlugTaken() : status;
}

}  // namespace

absl::StatusOr<std::vector<Chain>> PgStore::ListChains(const std::string& query,
                                                       const PageRequest& page) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kList, query, After(page, 0), After(page, 1), page.size + 1));
  return ReadAll(rows, Read);
}

absl::StatusOr<std::optional<Chain>> PgStore::FindChain(const ChainId& id, For what) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(what == For::kChanging ? kFindForChange : kFind, id));
  return ReadOne(rows, Read);
}

absl::StatusOr<bool> PgStore::HoldChain(const ChainId& id) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHold, id));
  return !rows.empty();
}

absl::Status PgStore::InsertChain(const Chain& chain) {
  return SlugOr(tx_.Run(kInsert, chain.id, chain.name, chain.slug, chain.description,
                        chain.contact_email, chain.contact_phone, PlanName(chain.plan),
                        chain.active, chain.trial_ends_at, absl::StrJoin(chain.feature_flags, ","),
                        chain.created_at)
                    .status());
}

absl::Status PgStore::UpdateChain(const Chain& chain) {
  return SlugOr(tx_.Run(kUpdate, chain.id, chain.name, chain.slug, chain.description,
                        chain.contact_email, chain.contact_phone, PlanName(chain.plan),
                        chain.active, chain.trial_ends_at, absl::StrJoin(chain.feature_flags, ","),
                        chain.updated_at)
                    .status());
}

absl::StatusOr<std::vector<Chain>> PgStore::TakeEndedTrials(absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kTakeEndedTrials, now));
  return ReadAll(rows, Read);
}

absl::StatusOr<bool> PgStore::HasBranches(const ChainId& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHasBranches, chain));
  return rows.front().Bool("has_branches");
}

absl::Status PgStore::DeleteChain(const ChainId& chain, absl::Time now) {
  return tx_.Run(kDelete, chain, now).status();
}

}  // namespace cartwise::tenant
