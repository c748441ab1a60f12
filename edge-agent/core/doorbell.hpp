#pragma once

#include <absl/time/time.h>

namespace cartwise::edge {

/// Where one thread sleeps until a moment or until somebody has work for it.
class Doorbell {
 public:
  virtual ~Doorbell() = default;
  /// Wakes the sleeper; kept when nobody sleeps. Thread-safe.
  virtual void Ring() = 0;
  /// Returns at `until` (CLOCK_BOOTTIME), or at once for a ring since the last
  /// return.
  virtual void WaitUntil(absl::Duration until) = 0;
};

}  // namespace cartwise::edge
