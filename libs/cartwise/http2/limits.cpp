#include "cartwise/http2/limits.hpp"

#include <algorithm>

namespace cartwise::http2 {

using std::chrono::milliseconds;

milliseconds SweepEvery(const Limits& limits) {
  const milliseconds shortest =
      std::min({limits.handshake_time, limits.idle_time, limits.stall_time, limits.answer_time,
                limits.ping_after, limits.silence});
  return std::clamp<milliseconds>(shortest / 4, milliseconds(10), milliseconds(1000));
}

}  // namespace cartwise::http2
