#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include <absl/status/status.h>
#include <absl/time/time.h>

namespace cartwise::process {

/// Does something every so often, from a thread of its own, until it is gone; the
/// first time after one interval, each further time an interval after the end of the last.
/// The log says when it begins to fail and when it no longer does.
class Periodic {
 public:
  using Work = std::function<absl::Status()>;

  Periodic(std::string name, absl::Duration interval, Work work);
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

 private:
  void Run();
  void Note(const absl::Status& done);

  const std::string name_;
  const absl::Duration interval_;
  const Work work_;
  bool failing_ = false;  // of the thread alone
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartwise::process
