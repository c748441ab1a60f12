#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

#define USER_COLUMNS                                                                        \
  "u.chain_id, u.user_id, u.email, u.name, u.role, u.whole_chain, u.active, u.created_at, " \
  "u.updated_at, u.rights_version, (SELECT string_agg(b.branch_id::text, ',' ORDER BY "     \
  "b.branch_id) "                                                                           \
  "FROM tenant.user_branches b WHERE b.chain_id = u.chain_id AND b.user_id = u.user_id) "   \
  "AS branch_ids"

// A platform admin has no chain that could be inactive.
#define ACCOUNT_COLUMNS                                                                           \
  USER_COLUMNS                                                                                    \
  ", u.password_hash, u.active AND (u.chain_ref IS NULL OR EXISTS (SELECT "                       \
  "FROM tenant.chains c WHERE c.chain_id = u.chain_ref AND c.active AND c.deleted_at IS NULL)) "  \
  "AS may_sign_in, u.role IN ('OWNER', 'ADMIN') AND EXISTS (SELECT FROM tenant.chains c "         \
  "WHERE c.chain_id = u.chain_ref AND 'staff_second_factor' = ANY (c.feature_flags)) "            \
  "AS needs_factor, coalesce((SELECT f.secret_sealed FROM tenant.second_factors f "               \
  "WHERE f.chain_id = u.chain_id AND f.user_id = u.user_id AND f.confirmed_at IS NOT NULL), '') " \
  "AS factor"

constexpr pg::Query kList{"tenant_list_users", "SELECT " USER_COLUMNS R"sql(
    FROM tenant.users u
   WHERE u.deleted_at IS NULL
     AND ($1::text IS NULL OR EXISTS (
           SELECT FROM tenant.user_branches b
            WHERE b.chain_id = u.chain_id AND b.user_id = u.user_id
              AND b.branch_id = ANY ($1::uuid[])))
     AND ($2::text IS NULL OR u.email > $2)
   ORDER BY u.email
   LIMIT $3::int)sql"};

constexpr pg::Query kFind{"tenant_find_account", "SELECT " ACCOUNT_COLUMNS R"sql(
    FROM tenant.users u WHERE u.user_id = $1 AND u.deleted_at IS NULL)sql"};

constexpr pg::Query kFindByEmail{"tenant_find_account_by_email", "SELECT " ACCOUNT_COLUMNS R"sql(
    FROM tenant.users u WHERE u.email = $1 AND u.deleted_at IS NULL)sql"};

constexpr pg::Query kInsert{"tenant_insert_user", R"sql(
  INSERT INTO tenant.users (chain_id, user_id, email, name, password_hash, role, whole_chain,
                            active, created_at, updated_at)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9))sql"};

constexpr pg::Query kInsertBranches{"tenant_insert_user_branches", R"sql(
  INSERT INTO tenant.user_branches (chain_id, user_id, branch_id)
  SELECT $1, $2, branch FROM unnest($3::text::uuid[]) AS branch
  ON CONFLICT DO NOTHING)sql"};

// Not FOR UPDATE: whoever refers to the chain need not wait.
constexpr pg::Query kHoldStaff{"tenant_hold_staff", R"sql(
  SELECT 1 AS held FROM tenant.chains WHERE chain_id = $1 FOR NO KEY UPDATE)sql"};

constexpr pg::Query kUpdate{"tenant_update_user", R"sql(
  UPDATE tenant.users SET name = $3, role = $4, whole_chain = $5, active = $6, updated_at = $7
   WHERE chain_id = $1 AND user_id = $2)sql"};

// Those alone that are lost: what goes here ends the user's tokens.
constexpr pg::Query kDropBranches{"tenant_drop_user_branches", R"sql(
  DELETE FROM tenant.user_branches
   WHERE chain_id = $1 AND user_id = $2 AND NOT branch_id = ANY ($3::uuid[]))sql"};

constexpr pg::Query kCountOwners{"tenant_count_owners", R"sql(
  SELECT count(*) AS owners FROM tenant.users
   WHERE chain_id = $1 AND role = 'OWNER' AND whole_chain AND active AND deleted_at IS NULL)sql"};

constexpr pg::Query kCountStaff{"tenant_count_staff", R"sql(
  SELECT c.plan, (SELECT count(*) FROM tenant.users u
                   WHERE u.chain_id = c.chain_id AND u.active AND u.deleted_at IS NULL) AS active
    FROM tenant.chains c WHERE c.chain_id = $1)sql"};

constexpr pg::Query kHoldAccount{"tenant_hold_account", R"sql(
  SELECT 1 AS held FROM tenant.users WHERE user_id = $1 AND deleted_at IS NULL FOR SHARE)sql"};

constexpr pg::Query kResetPassword{"tenant_reset_password", R"sql(
  UPDATE tenant.users SET password_hash = $3, updated_at = $4
   WHERE chain_id = $1 AND user_id = $2)sql"};

constexpr pg::Query kDropLink{"tenant_drop_password_link", R"sql(
  DELETE FROM tenant.password_links WHERE chain_id = $1 AND user_id = $2)sql"};

User Read(const pg::Row& row) {
  User user;
  user.id = row.As<UserId>("user_id");
  user.chain = ReadChain(row);
  user.email = row.Text("email");
  user.name = row.Text("name");
  user.role = RoleFromName(row.Text("role"));
  user.whole_chain = row.Bool("whole_chain");
  user.active = row.Bool("active");
  user.created_at = row.Time("created_at");
  user.updated_at = row.Time("updated_at");
  user.rights_version = row.Int("rights_version");
  const std::string branches = row.Text("branch_ids");
  for (const auto branch : absl::StrSplit(branches, ',', absl::SkipEmpty())) {
    user.branches.emplace_back(std::string(branch));
  }
  return user;
}

Account ReadAccount(const pg::Row& row) {
  return {Read(row), row.Text("password_hash"), row.Bool("may_sign_in"), row.Bytes("factor"),
          row.Bool("needs_factor")};
}

}  // namespace

absl::StatusOr<std::vector<User>> PgStore::ListUsers(
    const std::optional<std::vector<BranchId>>& only, const PageRequest& page) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kList, only, After(page, 0), page.size + 1));
  return ReadAll(rows, Read);
}

absl::StatusOr<std::optional<Account>> PgStore::FindAccount(const UserId& id) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFind, id));
  return ReadOne(rows, ReadAccount);
}

absl::StatusOr<std::optional<Account>> PgStore::FindAccountByEmail(const std::string& email) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFindByEmail, email));
  return ReadOne(rows, ReadAccount);
}

absl::Status PgStore::InsertUser(const User& user, const std::string& password_hash) {
  const std::string chain = ChainColumn(user.chain);
  const absl::Status inserted =
      tx_.Run(kInsert, chain, user.id, user.email, user.name, password_hash, RoleName(user.role),
              user.whole_chain, user.active, user.created_at)
          .status();
  if (absl::IsAlreadyExists(inserted)) return reasons::EmailTaken();
  CW_RETURN_IF_ERROR(inserted);
  if (user.whole_chain) return absl::OkStatus();
  return tx_.Run(kInsertBranches, chain, user.id, user.branches).status();
}

absl::Status PgStore::HoldStaff(const ChainId& chain) {
  return tx_.Run(kHoldStaff, chain).status();
}

absl::Status PgStore::UpdateUser(const User& user) {
  CW_RETURN_IF_ERROR(tx_.Run(kUpdate, user.chain, user.id, user.name, RoleName(user.role),
                             user.whole_chain, user.active, user.updated_at)
                         .status());
  CW_RETURN_IF_ERROR(tx_.Run(kDropBranches, user.chain, user.id, user.branches).status());
  if (user.whole_chain) return absl::OkStatus();
  return tx_.Run(kInsertBranches, user.chain, user.id, user.branches).status();
}

absl::StatusOr<int> PgStore::CountOwners(const ChainId& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kCountOwners, chain));
  return static_cast<int>(rows.front().Int("owners"));
}

absl::StatusOr<StaffCount> PgStore::CountStaff(const ChainId& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kCountStaff, chain));
  const pg::Row row = rows.front();
  return StaffCount{static_cast<int>(row.Int("active")),
                    LimitsOf(PlanFromName(row.Text("plan"))).users};
}

absl::StatusOr<std::optional<Account>> PgStore::HoldAccount(const UserId& id) {
  CW_RETURN_IF_ERROR(tx_.Run(kHoldAccount, id).status());
  // A statement of its own: the branches are rows of their own, and one that
  // waited would see the user of after a change with the branches of before.
  return FindAccount(id);
}

// Statement by statement: the first waits for whoever is just signing in with
// the old password, the second sees what they made.
absl::Status PgStore::ResetPassword(const User& user, const std::string& password_hash,
                                    absl::Time now) {
  const std::string chain = ChainColumn(user.chain);
  CW_RETURN_IF_ERROR(tx_.Run(kResetPassword, chain, user.id, password_hash, now).status());
  CW_RETURN_IF_ERROR(RevokeSignIns(user, "password set", now));
  return tx_.Run(kDropLink, chain, user.id).status();
}

}  // namespace cartwise::tenant
