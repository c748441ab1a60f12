#include "linux/thread_doorbell.hpp"

#include <algorithm>

namespace cartwise::edge {

void ThreadDoorbell::Ring() {
  {
    std::lock_guard lock(mutex_);
    rung_ = true;
  }
  changed_.notify_one();
}

void ThreadDoorbell::WaitUntil(absl::Duration until) {
  const absl::Duration left = std::min(until - clock_.SinceBoot(), absl::Hours(1));
  std::unique_lock lock(mutex_);
  if (left > absl::ZeroDuration()) {
    changed_.wait_for(lock, absl::ToChronoNanoseconds(left), [this] { return rung_; });
  }
  rung_ = false;
}

}  // namespace cartwise::edge
