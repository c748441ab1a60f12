#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/recovery.hpp"

namespace cartwise::rental {

/// Unfinished on PostgreSQL, over every chain. Thread-safe.
class PgUnfinished final : public Unfinished {
 public:
  explicit PgUnfinished(pg::Pool& pool) : pool_(pool) {}

  absl::StatusOr<std::vector<Rental>> ClaimRentals(absl::Time now, absl::Time opening_before,
                                                   absl::Duration pause, int most) override;
  absl::StatusOr<std::vector<OpenStaffUnlock>> ClaimStaffUnlocks(absl::Time now,
                                                                 absl::Time asked_before,
                                                                 absl::Duration pause,
                                                                 int most) override;
  absl::Status SettleStaffUnlock(const ChainId& chain, const CommandId& command,
                                 const CommandOutcome& outcome) override;
  absl::StatusOr<int> MarkOverdue(int most) override;

 private:
  template <typename... Args>
  absl::StatusOr<pg::Rows> Run(const pg::Query& query, const Args&... args);

  pg::Pool& pool_;
};

}  // namespace cartwise::rental
