#pragma once

#include "cartwise/base/errors.hpp"

/// Refusals that several parts of a service give.
namespace cartwise::errors {

/// UNAVAILABLE (DATABASE_BUSY): whose turn did not come before their deadline.
inline absl::Status DatabaseBusy() {
  return Refuse(absl::StatusCode::kUnavailable, "DATABASE_BUSY",
                "too much is going on right now; try again in a moment");
}

/// INVALID_ARGUMENT (IDEMPOTENCY_KEY_REUSED)
inline absl::Status IdempotencyKeyReused() {
  return Refuse(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_REUSED",
                "this Idempotency-Key was used with another request");
}

/// ABORTED (REQUEST_IN_PROGRESS)
inline absl::Status RequestInProgress() {
  return Refuse(absl::StatusCode::kAborted, "REQUEST_IN_PROGRESS",
                "a request with this Idempotency-Key is still running");
}

}  // namespace cartwise::errors
