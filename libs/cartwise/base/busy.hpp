#pragma once

#include "cartwise/base/errors.hpp"

namespace cartwise::errors {

/// UNAVAILABLE (DATABASE_BUSY): whose turn did not come before their deadline.
inline absl::Status DatabaseBusy() {
  return Refuse(absl::StatusCode::kUnavailable, "DATABASE_BUSY",
                "too much is going on right now; try again in a moment");
}

}  // namespace cartwise::errors
