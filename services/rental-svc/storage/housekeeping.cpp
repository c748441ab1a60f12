#include "storage/housekeeping.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"

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
  const auto platform = pg::Tenant::Platform();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  CW_RETURN_IF_ERROR(pool.Once(platform, deadline, kDropKeys, now - kKeysKept).status());
  CW_RETURN_IF_ERROR(pool.Once(platform, deadline, kDropSeen, now - kEventsKept).status());
  return pool.Once(platform, deadline, kDropSpans, now - kEventsKept).status();
}

}  // namespace cartwise::rental
