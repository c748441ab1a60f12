#include "storage/housekeeping.hpp"

#include <absl/time/clock.h>

namespace cartwise::rental {
namespace {

constexpr absl::Duration kKeysKept = absl::Hours(24 * 30);
constexpr absl::Duration kEventsKept = absl::Hours(24 * 90);

// The limit keeps a turn short; the next one goes on.
#define DELETE_SOME(table, condition)                                                         \
  "DELETE FROM " table " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " table " WHERE " condition \
  " LIMIT 50000))"

constexpr pg::Query kDropKeys{"rental_drop_old_keys",
                              DELETE_SOME("rental.idempotency_keys", "created_at < $1")};
constexpr pg::Query kDropSeen{"rental_drop_old_seen",
                              DELETE_SOME("rental.seen_events", "seen_at < $1")};
constexpr pg::Query kDropSpans{"rental_drop_old_spans",
                               DELETE_SOME("rental.offline_spans", "ended_at < $1")};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  absl::Status first;
  const auto drop = [&](const pg::Query& query, absl::Time before) {
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    first.Update(pool.Once(pg::Tenant::Platform(), deadline, query, before).status());
  };
  drop(kDropKeys, now - kKeysKept);
  drop(kDropSeen, now - kEventsKept);
  drop(kDropSpans, now - kEventsKept);
  return first;
}

}  // namespace cartwise::rental
