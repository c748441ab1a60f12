#include "cartwise/base/status_macros.hpp"
#include "domain/plan.hpp"
#include "domain/reasons.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

#define BRANCH_COLUMNS                                                             \
  "chain_id, branch_id, name, branch_code, address, city, postal_code, latitude, " \
  "longitude, time_zone, active, rental_term_seconds, created_at, updated_at"

constexpr pg::Query kList{"tenant_list_branches", "SELECT " BRANCH_COLUMNS R"sql(
    FROM tenant.branches
   WHERE deleted_at IS NULL
     AND ($1::uuid IS NULL OR chain_id = $1)
     AND ($2::text IS NULL OR branch_id = ANY ($2::uuid[]))
     AND ($3 = '' OR position(lower($3) IN lower(name)) > 0
                  OR position(lower($3) IN lower(branch_code)) > 0)
     AND ($4::boolean IS NULL OR active = $4)
     AND ($5::text IS NULL OR (name, branch_id) > ($5, $6::uuid))
   ORDER BY name, branch_id
   LIMIT $7::int)sql"};

constexpr pg::Query kFind{"tenant_find_branch", "SELECT " BRANCH_COLUMNS R"sql(
    FROM tenant.branches WHERE branch_id = $1 AND deleted_at IS NULL)sql"};

constexpr pg::Query kFindForChange{"tenant_find_branch_for_change", "SELECT " BRANCH_COLUMNS R"sql(
    FROM tenant.branches WHERE branch_id = $1 AND deleted_at IS NULL FOR UPDATE)sql"};

constexpr pg::Query kFindEntry{"tenant_find_branch_entry", R"sql(
  SELECT b.branch_id, b.chain_id, c.slug, b.branch_code, b.active AND c.active AS active,
         c.plan
    FROM tenant.branches b JOIN tenant.chains c ON c.chain_id = b.chain_id
   WHERE b.branch_id = $1 AND b.deleted_at IS NULL)sql"};

constexpr pg::Query kHold{"tenant_hold_branches", R"sql(
  SELECT branch_id FROM tenant.branches
   WHERE chain_id = $1 AND branch_id = ANY ($2::uuid[]) AND deleted_at IS NULL
   ORDER BY branch_id FOR KEY SHARE)sql"};

constexpr pg::Query kInsert{"tenant_insert_branch", R"sql(
  INSERT INTO tenant.branches (chain_id, branch_id, name, branch_code, address, city, postal_code,
                               latitude, longitude, time_zone, active, rental_term_seconds,
                               created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13))sql"};

constexpr pg::Query kUpdate{"tenant_update_branch", R"sql(
  UPDATE tenant.branches
     SET name = $3, branch_code = $4, address = $5, city = $6, postal_code = $7, latitude = $8,
         longitude = $9, time_zone = $10, active = $11, rental_term_seconds = $12, updated_at = $13
   WHERE chain_id = $1 AND branch_id = $2)sql"};

constexpr pg::Query kDelete{"tenant_delete_branch", R"sql(
  WITH revoked AS (
    UPDATE tenant.enrollment_keys SET revoked_at = $3
     WHERE chain_id = $1 AND branch_id = $2 AND revoked_at IS NULL)
  UPDATE tenant.branches SET deleted_at = $3, updated_at = $3
   WHERE chain_id = $1 AND branch_id = $2)sql"};

Branch Read(const pg::Row& row) {
  Branch branch;
  branch.id = row.As<BranchId>("branch_id");
  branch.chain = row.As<ChainId>("chain_id");
  branch.name = row.Text("name");
  branch.branch_code = row.Text("branch_code");
  branch.address = row.Text("address");
  branch.city = row.Text("city");
  branch.postal_code = row.Text("postal_code");
  branch.latitude = row.OptDouble("latitude");
  branch.longitude = row.OptDouble("longitude");
  branch.time_zone = row.Text("time_zone");
  branch.active = row.Bool("active");
  branch.rental_term = absl::Seconds(row.Int("rental_term_seconds"));
  branch.created_at = row.Time("created_at");
  branch.updated_at = row.Time("updated_at");
  return branch;
}

BranchEntry ReadEntry(const pg::Row& row) {
  return {row.As<BranchId>("branch_id"),
          row.As<ChainId>("chain_id"),
          row.Text("slug"),
          row.Text("branch_code"),
          row.Bool("active"),
          LimitsOf(PlanFromName(row.Text("plan"))).devices};
}

absl::Status CodeOr(const absl::Status& status) {
  return absl::IsAlreadyExists(status) ? reasons::BranchCodeTaken() : status;
}

}  // namespace

absl::StatusOr<std::vector<Branch>> PgStore::ListBranches(const BranchFilter& filter,
                                                          const PageRequest& page) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kList, filter.chain, filter.only, filter.query, filter.active,
                              After(page, 0), After(page, 1), page.size + 1));
  return ReadAll(rows, Read);
}

absl::StatusOr<std::optional<Branch>> PgStore::FindBranch(const BranchId& id, For what) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(what == For::kChanging ? kFindForChange : kFind, id));
  return ReadOne(rows, Read);
}

absl::StatusOr<std::optional<BranchEntry>> PgStore::FindBranchEntry(const BranchId& id) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFindEntry, id));
  return ReadOne(rows, ReadEntry);
}

absl::StatusOr<std::vector<BranchId>> PgStore::HoldBranches(const ChainId& chain,
                                                            const std::vector<BranchId>& ids) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHold, chain, ids));
  return ReadAll(rows, [](const pg::Row& row) { return row.As<BranchId>("branch_id"); });
}

absl::Status PgStore::InsertBranch(const Branch& branch) {
  return CodeOr(tx_.Run(kInsert, branch.chain, branch.id, branch.name, branch.branch_code,
                        branch.address, branch.city, branch.postal_code, branch.latitude,
                        branch.longitude, branch.time_zone, branch.active,
                        absl::ToInt64Seconds(branch.rental_term), branch.created_at)
                    .status());
}

absl::Status PgStore::UpdateBranch(const Branch& branch) {
  return CodeOr(tx_.Run(kUpdate, branch.chain, branch.id, branch.name, branch.branch_code,
                        branch.address, branch.city, branch.postal_code, branch.latitude,
                        branch.longitude, branch.time_zone, branch.active,
                        absl::ToInt64Seconds(branch.rental_term), branch.updated_at)
                    .status());
}

absl::Status PgStore::DeleteBranch(const Branch& branch, absl::Time now) {
  return tx_.Run(kDelete, branch.chain, branch.id, now).status();
}

}  // namespace cartwise::tenant
