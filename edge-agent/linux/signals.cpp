#include "linux/signals.hpp"

#include <signal.h>

namespace cartwise::edge {
namespace {

sigset_t EndSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void BlockEndSignals() {
  const sigset_t signals = EndSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A peer that is gone shows as an error of the write.
  signal(SIGPIPE, SIG_IGN);
}

void AwaitEndSignal() {
  const sigset_t signals = EndSignals();
  int number = 0;
  sigwait(&signals, &number);
}

}  // namespace cartwise::edge
