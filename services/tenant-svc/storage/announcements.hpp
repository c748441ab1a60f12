#pragma once

#include <absl/status/status.h>

#include "cartwise/pg/pool.hpp"
#include "domain/change.hpp"

namespace cartwise::tenant {

/// Writes the change into the outbox, in its transaction.
absl::Status AnnounceThing(pg::Transaction& tx, const Change& change, const Thing& thing);

}  // namespace cartwise::tenant
