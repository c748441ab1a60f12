#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cartwise::fleet {

/// A child process of the test; killed and reaped at the end.
class Process {
 public:
  struct Spec {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  ///< added to the test's own
    std::string log;                         ///< its output goes here
  };

  Process() = default;
  explicit Process(const Spec& spec);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;

  pid_t pid() const { return pid_; }
  bool Running();
  void Signal(int signal) const;
  /// Waits for the end; the exit code, or 128 + signal.
  int Wait();
  /// SIGKILL and reap.
  void Kill();

 private:
  pid_t pid_ = -1;
  int code_ = -1;
};

/// A TCP port of loopback that nobody uses now.
int FreePort();

/// Waits for the condition, looking again every few milliseconds; false when
/// it did not come true within `seconds`.
bool Eventually(const std::function<bool()>& condition, int seconds = 30);

}  // namespace cartwise::fleet
