#pragma once

namespace cartwise::edge {

/// Makes this thread wake on time: exact timers, and, where the system allows
/// it, before whatever else the machine computes. For threads that mostly wait.
void BePunctual();

}  // namespace cartwise::edge
