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
    FROM tenant.revocations WHERE revoked_at > $1
   ORDER BY revoked_at)sql"};

}  // namespace

absl::StatusOr<std::vector<Revocation>> PgStore::RecentRevocations(absl::Time since) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kRecent, since));
  return ReadAll(rows, [](const pg::Row& row) {
    return Revocation{row.Text("kind"), row.Text("subject_id"), row.Time("revoked_at"),
                      row.Int("rights_version")};
  });
}

std::optional<Revocation> ReadRevocationNotice(const std::string& payload) {
  const std::vector<std::string> parts = absl::StrSplit(payload, ' ');
  const size_t size = parts[0] == "SIGN_IN" ? 3 : 4;
  int64_t micros = 0, version = 0;
  if (parts.size() != size || !absl::SimpleAtoi(parts[2], &micros) ||
      (size == 4 && !absl::SimpleAtoi(parts[3], &version))) {
    return std::nullopt;
  }
  return Revocation{parts[0], parts[1], absl::FromUnixMicros(micros), version};
}

}  // namespace cartwise::tenant
