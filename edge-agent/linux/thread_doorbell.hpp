#pragma once

#include <condition_variable>
#include <mutex>

#include "cartwise/base/clock.hpp"
#include "core/doorbell.hpp"

namespace cartwise::edge {

/// A doorbell for a real thread.
class ThreadDoorbell final : public Doorbell {
 public:
  explicit ThreadDoorbell(const Clock& clock) : clock_(clock) {}

  void Ring() override;
  void WaitUntil(absl::Duration until) override;

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rung_ = false;
};

}  // namespace cartwise::edge
