#include "linux/punctual.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

namespace cartwise::edge {

void BePunctual() {
  constexpr unsigned long kNanoseconds = 1000;
  prctl(PR_SET_TIMERSLACK, kNanoseconds);
  // Refused without the right to do so, which is no harm.
  const sched_param lowest{.sched_priority = sched_get_priority_min(SCHED_RR)};
  pthread_setschedparam(pthread_self(), SCHED_RR, &lowest);
}

}  // namespace cartwise::edge
