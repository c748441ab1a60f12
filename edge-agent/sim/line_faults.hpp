#pragma once

#include <set>

#include "sim/agenda.hpp"

namespace cartwise::sim {

/// What is wrong between the boards and the agent. Counts go down as they are
/// used up; a negative one lasts until it is cleared.
struct LineFaults {
  int lost_reply = 0;              ///< next answers never leave
  int lost_reply_after_pulse = 0;  ///< answers lost from the next pulse on
  int half_frame = 0;              ///< next answers stop after four bytes
  int busy = 0;                    ///< next requests are ignored by every board
  double noise = 0;                ///< chance of each bit to flip, both directions
  Micros late_reply = 0;           ///< added before each answer
  int garbage = 0;                 ///< random bytes before each answer
  bool echo = false;               ///< the adapter hears itself
  std::set<int> silent;            ///< boards that neither obey nor answer
};

/// Uses up one of `count`; false when none is left.
inline bool UseOne(int& count) {
  if (count == 0) return false;
  if (count > 0) --count;
  return true;
}

}  // namespace cartwise::sim
