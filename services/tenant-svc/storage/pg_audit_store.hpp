#pragma once

#include <string>
#include <string_view>

#include "cartwise/pg/pool.hpp"
#include "domain/audit.hpp"

namespace cartwise::tenant {

/// The audit log on PostgreSQL, for one transaction. It only ever adds: its role
/// has no right to anything else.
class PgAuditStore final : public AuditStore {
 public:
  explicit PgAuditStore(pg::Transaction& tx) : tx_(tx) {}

  absl::StatusOr<AuditHead> HoldHead(const ChainId& chain) override;
  absl::Status MoveHead(const AuditHead& head) override;
  absl::StatusOr<std::vector<EventId>> Known(const ChainId& chain,
                                             const std::vector<EventId>& events) override;
  absl::Status Insert(const std::vector<AuditEntry>& entries) override;
  absl::StatusOr<std::vector<AuditEntry>> List(const AuditFilter& filter, int64_t before_no,
                                               int most) override;
  absl::StatusOr<std::vector<AuditHead>> Heads() override;
  absl::StatusOr<AuditHead> FindHead(const ChainId& chain) override;
  absl::StatusOr<std::vector<AuditEntry>> Walk(const ChainId& chain, int64_t after_no,
                                               int most) override;

 private:
  pg::Transaction& tx_;
};

/// The Digest of the log.
std::string AuditDigest(std::string_view bytes);

}  // namespace cartwise::tenant
