#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <absl/time/time.h>

namespace cartwise::process {

/// Does something every so often, from a thread of its own, until it is gone; the
/// first time after one interval, each further time an interval after the end of the last.
class Periodic {
 public:
  Periodic(absl::Duration interval, std::function<void()> work);
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

 private:
  void Run();

  const absl::Duration interval_;
  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartwise::process
