#pragma once

#include <functional>
#include <map>
#include <memory>

#include <absl/status/status.h>

#include "sim/agenda.hpp"

namespace cartwise::sim {

/// The one thread: file descriptors, the agenda's clock and signals.
class Loop {
 public:
  explicit Loop(Agenda& agenda) : agenda_(agenda) {}
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Sets up; SIGTERM and SIGINT end Run() from now on.
  absl::Status Init();

  /// Calls `ready` whenever `fd` is readable or hung up. The owner of `fd`
  /// calls Forget() before closing it, also from within `ready`.
  void Watch(int fd, std::function<void()> ready);
  void Forget(int fd);

  /// Runs until a signal. Sleeps whenever nothing is due.
  void Run();

 private:
  void SetAlarm();

  Agenda& agenda_;
  std::map<int, std::shared_ptr<std::function<void()>>> watched_;
  int epoll_ = -1;
  int alarm_ = -1;
  int signals_ = -1;
  Micros alarm_at_ = 0;  ///< 0 = not set
};

}  // namespace cartwise::sim
