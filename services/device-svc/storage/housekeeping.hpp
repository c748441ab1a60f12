#pragma once

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::device {

/// Deletes what nobody can use any more: answers kept for an Idempotency-Key
/// for a day.
/// Meant for once an hour; replicas may all do it.
absl::Status Tidy(pg::Pool& pool, absl::Time now);

}  // namespace cartwise::device
