#pragma once

#include "cartwise/base/clock.hpp"
#include "cartwise/pg/pool.hpp"
#include "domain/presence_log.hpp"

namespace cartwise::device {

/// The PresenceLog on PostgreSQL. Leases run by the database's clock, so that
/// processes on several machines agree. Thread-safe.
class PgPresenceLog final : public PresenceLog {
 public:
  PgPresenceLog(pg::Pool& pool, const Clock& clock) : pool_(pool), clock_(clock) {}

  absl::Status StoreBeats(const std::vector<Beat>& beats) override;
  absl::Status RenewLease(const ReplicaId& self, absl::Duration lease) override;
  absl::StatusOr<std::vector<HeldStream>> HeldBy(const ReplicaId& self) override;

 private:
  pg::Pool& pool_;
  const Clock& clock_;
};

}  // namespace cartwise::device
