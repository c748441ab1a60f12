#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::device {

/// Deletes what nobody can use any more: answers kept for an Idempotency-Key for a day, and after
/// 90 days commands whose end is known. At most 50,000 rows of each at a time; what fails holds up
/// no other, and the first failure is answered. Meant for every ten minutes; replicas may all do
/// it.
absl::Status Tidy(pg::Pool& pool, absl::Time now);

}  // namespace cartwise::device
