#pragma once

#include <sys/types.h>

namespace cartwise::bench {

/// VmRSS of a process.
double ResidentKb(pid_t pid);

}  // namespace cartwise::bench
