#include "storage/pg_revocations.hpp"

#include <absl/strings/numbers.h>
#include <absl/strings/str_split.h>

#include "cartwise/base/status_macros.hpp"
#include "storage/columns.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {
namespace {

constexpr pg::Query kRecent{"tenant_recent_revocations", R"sql(
  SELECT kind, subject_id, revoked_at, coalesce(rights_version, 0) AS rights_version
    FROM tenant.revocations
   WHERE revoked_at > $1 OR (kind = 'SHOPPER' AND revoked_at > $2)
   ORDER BY revoked_at)sql"};

constexpr pg::Query kRevokeShopper{"tenant_revoke_shopper", R"sql(
  SELECT tenant.note_revocation($1::uuid, 'SHOPPER', $2::uuid, $3::timestamptz))sql"};

}  // namespace

absl::StatusOr<std::vector<Revocation>> PgStore::RecentRevocations(absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto rows,
                      tx_.Run(kRecent, now - kRevocationsTold, now - kShopperRevocationsTold));
  return ReadAll(rows, [](const pg::Row& row) {
    return Revocation{row.Text("kind"), row.Text("subject_id"), row.Time("revoked_at"),
                      row.Int("rights_version")};
  });
}

absl::Status PgStore::RevokeShopper(const ChainId& chain, const SignInId& id, absl::Time now) {
  return tx_.Run(kRevokeShopper, chain, id, now).status();
}

std::optional<Revocation> ReadRevocationNotice(const std::string& payload) {
  const std::vector<std::string> parts = absl::StrSplit(payload, ' ');
  const size_t size = parts[0] == "USER" || parts[0] == "KEY" ? 4 : 3;
  int64_t micros = 0, version = 0;
  if (parts.size() != size || !absl::SimpleAtoi(parts[2], &micros) ||
      (size == 4 && !absl::SimpleAtoi(parts[3], &version))) {
    return std::nullopt;
  }
  return Revocation{parts[0], parts[1], absl::FromUnixMicros(micros), version};
}

}  // namespace cartwise::tenant
