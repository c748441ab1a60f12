#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::rental {

/// Deletes what nobody can use any more: Idempotency-Keys after 30 days; marks of seen
/// events and times at which devices were away after 90 days, which is longer than an agent
/// may be away and still tell of the past. At most 50,000 rows of each at a time; what
/// fails holds up no other, and the first failure is answered. Meant for once a minute; replicas
/// may all do it.
absl::Status Tidy(pg::Pool& pool, absl::Time now);

}  // namespace cartwise::rental
