#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cartwise::process {

/// Does something once an hour, from a thread of its own, until it is gone; the
/// first time after an hour.
class Hourly {
 public:
  explicit Hourly(std::function<void()> work);
  ~Hourly();
  Hourly(const Hourly&) = delete;
  Hourly& operator=(const Hourly&) = delete;

 private:
  void Run();

  const std::function<void()> work_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartwise::process
