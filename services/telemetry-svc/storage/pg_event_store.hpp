#pragma once

#include <vector>

#include "cartwise/pg/pool.hpp"
#include "domain/events.hpp"

namespace cartwise::telemetry {

/// Events on PostgreSQL: every call is one statement and one round trip, but for a write under an
/// Idempotency-Key and the turn of days.
class PgEventStore final : public EventStore {
 public:
  /// A turn of days forgets at most so many ids.
  explicit PgEventStore(pg::Pool& pool, int most_forgotten = 200'000)
      : pool_(pool), most_forgotten_(most_forgotten) {}

  absl::Status AddOfDevice(const Caller& caller, const Origin& origin,
                           const std::vector<NewEvent>& events,
                           absl::FunctionRef<void(int stored)> answer) override;
  absl::StatusOr<int> Add(const Caller& caller, const std::vector<PlacedEvent>& events) override;
  absl::StatusOr<std::vector<Record>> List(const Caller& caller, const Query& query) override;
  absl::StatusOr<bool> TurnDays(int keep_days) override;

 private:
  pg::Pool& pool_;
  const int most_forgotten_;
};

}  // namespace cartwise::telemetry
