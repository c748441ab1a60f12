#pragma once

#include <vector>

#include "cartwise/pg/pool.hpp"
#include "domain/events.hpp"

namespace cartwise::telemetry {

/// Events on PostgreSQL: every call is one statement and one round trip, but for a write under an
/// Idempotency-Key and the turn of days.
class PgEventStore final : public EventStore {
 public:
  explicit PgEventStore(pg::Pool& pool) : pool_(pool) {}

  absl::Status AddOfDevice(const Caller& caller, const Origin& origin,
                           const std::vector<NewEvent>& events,
                           absl::FunctionRef<void(int stored)> answer) override;
  absl::StatusOr<int> Add(const Caller& caller, const std::vector<PlacedEvent>& events) override;
  absl::StatusOr<std::vector<Record>> List(const Caller& caller, const Query& query) override;
  absl::Status TurnDays(int keep_days) override;

 private:
  pg::Pool& pool_;
};

}  // namespace cartwise::telemetry
