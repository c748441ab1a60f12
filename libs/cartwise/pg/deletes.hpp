#pragma once

#include <span>

#include <absl/status/status.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::pg {

/// Text of a statement that deletes what is too old, at most 50,000 rows: a turn stays short, and
/// the next one goes on.
#define CARTWISE_DELETE_SOME(table, condition)                                                \
  "DELETE FROM " table " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " table " WHERE " condition \
  " LIMIT 50000))"

/// Runs the deletes of a service's housekeeping, which see every chain, each as a transaction of
/// its own. What fails holds up no other, and the first failure is answered.
absl::Status DeleteOld(Pool& pool, std::span<const Step> deletes);

}  // namespace cartwise::pg
