#pragma once

#include <functional>
#include <optional>
#include <string>

#include "sim/agenda.hpp"

namespace cartwise::sim {

/// Something physical that happened; one line of the log.
struct Event {
  /// "pulse", "opened", "closed", "taken", "pushed", "setting", "erased",
  /// "fault", "plugged" or "unplugged"
  std::string name;
  Micros at = 0;  ///< for what a frame causes: when its last byte was on the board
  std::optional<int> board;
  std::optional<int> lock;              ///< as printed, 1 to 16
  std::string cause;                    ///< bytes of the frame in hex, or words
  std::optional<Micros> first_byte_at;  ///< when the first byte of that frame was read
  std::optional<bool> opened;           ///< pulses: whether the lock gave way
};

using EventSink = std::function<void(const Event&)>;

}  // namespace cartwise::sim
