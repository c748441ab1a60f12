#pragma once

#include <absl/time/time.h>

namespace cartwise {

/// Time, as a dependency, so that tests own it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock: for what people and other systems read.
  virtual absl::Time Now() const = 0;
  /// CLOCK_BOOTTIME: for deadlines and intervals; never jumps, counts suspend.
  virtual absl::Duration SinceBoot() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration SinceBoot() const override;
};

}  // namespace cartwise
