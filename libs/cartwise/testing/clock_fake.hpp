#pragma once

#include <mutex>

#include "cartwise/base/clock.hpp"

namespace cartwise::testing {

/// Stands still until moved. Thread-safe.
class FakeClock final : public Clock {
 public:
  absl::Time Now() const override {
    std::lock_guard lock(mutex_);
    return now_;
  }
  absl::Duration SinceBoot() const override {
    std::lock_guard lock(mutex_);
    return since_boot_;
  }
  void Advance(absl::Duration by) {
    std::lock_guard lock(mutex_);
    now_ += by;
    since_boot_ += by;
  }
  /// Somebody set the wall clock; the boot clock goes on.
  void SetWallClock(absl::Time now) {
    std::lock_guard lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'780'000'000);
  absl::Duration since_boot_ = absl::Hours(1);
};

}  // namespace cartwise::testing
