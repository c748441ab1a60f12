#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kInsert{"tenant_insert_password_link", R"sql(
  INSERT INTO tenant.password_links (chain_id, user_id, link_hash, created_at, expires_at,
                                     created_by)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (chain_id, user_id) DO UPDATE
     SET link_hash = excluded.link_hash, created_at = excluded.created_at,
         expires_at = excluded.expires_at, created_by = excluded.created_by)sql"};

constexpr pg::Query kFind{"tenant_find_password_link", R"sql(
  SELECT chain_id, user_id, created_at, expires_at, created_by FROM tenant.password_links
   WHERE link_hash = $1 AND expires_at > $2)sql"};

constexpr pg::Query kSpend{"tenant_spend_password_link", R"sql(
  DELETE FROM tenant.password_links WHERE chain_id = $1 AND user_id = $2 AND link_hash = $3)sql"};

}  // namespace

absl::Status PgStore::InsertPasswordLink(const PasswordLink& link, const std::string& hash) {
  return tx_
      .Run(kInsert, ChainColumn(link.chain), link.user, hash, link.created_at, link.expires_at,
           link.created_by)
      .status();
}

absl::StatusOr<std::optional<PasswordLink>> PgStore::FindPasswordLink(const std::string& hash,
                                                                      absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFind, hash, now));
  return ReadOne(rows, [](const pg::Row& row) {
    return PasswordLink{ReadChain(row), row.As<UserId>("user_id"), row.Time("created_at"),
                        row.Time("expires_at"), row.Text("created_by")};
  });
}

absl::StatusOr<bool> PgStore::SpendPasswordLink(const PasswordLink& link, const std::string& hash) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kSpend, ChainColumn(link.chain), link.user, hash));
  return rows.affected() == 1;
}

}  // namespace cartwise::tenant
