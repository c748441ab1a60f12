#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "domain/recovery.hpp"

namespace cartwise::rental {

/// Runs the recovery every two seconds and forgets old keys every hour, on one
/// thread.
class Jobs {
 public:
  Jobs(Recovery& recovery, Unfinished& unfinished, std::function<void()> announced);
  /// Stops after the running round.
  ~Jobs();

 private:
  void Run();

  Recovery& recovery_;
  Unfinished& unfinished_;
  const std::function<void()> announced_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cartwise::rental
