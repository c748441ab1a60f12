#include "cartwise/process/process.hpp"

#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <thread>

#include <absl/synchronization/mutex.h>

namespace cartwise::process {
namespace {

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

double CpuSeconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return double(spent.tv_sec) + double(spent.tv_nsec) / 1e9;
}

// After a burst the allocator keeps its memory. Many services share a machine,
// so it goes back once the process has been quiet for a while; never in the
// middle of work, which it would hold up.
class IdleMemory {
 public:
  void Look() {
    const double spent = CpuSeconds();
    const bool quiet = spent - last_look_ < kQuietSeconds;
    last_look_ = spent;
    if (!quiet || spent - last_trim_ < kWorthSeconds) return;
    malloc_trim(0);
    last_trim_ = CpuSeconds();
  }

 private:
  static constexpr double kQuietSeconds = 0.1, kWorthSeconds = 0.3;
  double last_look_ = 0, last_trim_ = 0;
};

constexpr timespec kLookEvery{5, 0};

}  // namespace

void Begin() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  // One heap per core instead of eight: the many threads of gRPC would spread
  // what they allocate thinly over all of them.
  mallopt(M_ARENA_MAX, std::max(2, static_cast<int>(std::thread::hardware_concurrency())));
  // Debian builds Abseil with its search for lock cycles on, which every lock
  // of gRPC would pay for.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void AwaitEndSignal() {
  const sigset_t signals = EndSignals();
  malloc_trim(0);  // what only the start needed
  IdleMemory memory;
  while (sigtimedwait(&signals, nullptr, &kLookEvery) < 0) memory.Look();
}

}  // namespace cartwise::process
