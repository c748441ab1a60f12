#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::tenant {

/// Deletes what nobody can use any more: answers kept for an Idempotency-Key
/// for a day, sign-ins whose last refresh token expired a week ago,
/// expired password links, and of one-time codes what no limit looks back to.
/// What fails holds up no other, and the first failure is answered. Meant for every ten minutes;
/// replicas may all do it.
absl::Status Tidy(pg::Pool& pool, absl::Time now);

}  // namespace cartwise::tenant
