#pragma once

#include <sys/types.h>

namespace cartwise::bench {

/// VmRSS of a process.
double ResidentKb(pid_t pid);

/// Processor time of a process's main thread.
double CpuSeconds(pid_t pid);

}  // namespace cartwise::bench
