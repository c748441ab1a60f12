#include "storage/housekeeping.hpp"

#include "cartwise/pg/deletes.hpp"

namespace cartwise::rental {
namespace {

constexpr absl::Duration kKeysKept = absl::Hours(24 * 30);
constexpr absl::Duration kEventsKept = absl::Hours(24 * 90);

constexpr pg::Query kDeleteKeys{"rental_drop_old_keys",
                                CARTWISE_DELETE_SOME("rental.idempotency_keys", "created_at < $1")};
constexpr pg::Query kDeleteSeen{"rental_drop_old_seen",
                                CARTWISE_DELETE_SOME("rental.seen_events", "seen_at < $1")};
constexpr pg::Query kDeleteSpans{"rental_drop_old_spans",
                                 CARTWISE_DELETE_SOME("rental.offline_spans", "ended_at < $1")};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  const pg::Step deletes[] = {{kDeleteKeys, {now - kKeysKept}},
                              {kDeleteSeen, {now - kEventsKept}},
                              {kDeleteSpans, {now - kEventsKept}}};
  return pg::DeleteOld(pool, deletes);
}

}  // namespace cartwise::rental
