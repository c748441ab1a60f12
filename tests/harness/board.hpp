#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/rest.hpp"

namespace cartwise::fleet {

/// One energised coil, as the emulated board wrote it down.
struct Pulse {
  int board = 0;
  int lock = 0;               ///< as printed, 1 to 16
  int64_t first_byte_us = 0;  ///< CLOCK_MONOTONIC
  int64_t last_byte_us = 0;
  std::string time;  ///< RFC 3339
  bool opened = false;
};

/// The emulated board's control socket and log: what really happened.
class Board {
 public:
  Board(std::string control, std::string log);
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  /// Sends a line; aborts unless the board answers `ok`.
  Json Do(const std::string& line);

  std::vector<Pulse> Pulses() const;
  int PulsesOf(int board, int lock) const;
  /// Every line of the log.
  std::vector<Json> Log() const;

 private:
  std::string control_;
  std::string log_;
  int socket_ = -1;
};

}  // namespace cartwise::fleet
