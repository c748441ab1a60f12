#pragma once

#include <string>
#include <vector>

#include "domain/audit.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// The command `verify-audit [--chain ID]`: walks the audit log of every chain,
/// or of one, and prints a line for each to standard output:
///
///   chain rami-levi: 120 entries, intact, head 1f0c...
///   chain shufersal: BROKEN, entry 7 is missing
///
/// The head is the hash of the newest entry; kept elsewhere, it shows later that
/// nobody has written the whole log anew. DATA_LOSS when a chain is broken.
absl::Status VerifyAudit(const std::vector<std::string>& arguments, AuditDatabase& audit,
                         TenantDatabase& tenants, Digest digest);

}  // namespace cartwise::tenant
