#pragma once

#include <optional>
#include <vector>

#include "bare_line.hpp"
#include "harness/fleet.hpp"

namespace cartwise::bench {

/// The way of an unlock with nothing done on it: what this machine takes for 300 bytes to go over
/// TLS through as many processes as a call and its command pass (gateway, rental-svc, device-svc,
/// gateway, agent), with two transactions of one row on the way there and one on the way back, and
/// through a pseudo-terminal and back.
class BareWay {
 public:
  /// With the fleet's certificates, database and folder.
  explicit BareWay(fleet::Fleet& fleet);
  ~BareWay();
  BareWay(const BareWay&) = delete;
  BareWay& operator=(const BareWay&) = delete;

  struct Trip {
    double first_byte_ms = 0;  ///< from the message sent to the frame's first byte
    double back_ms = 0;        ///< from the message sent to its answer
  };
  Trip Go();

 private:
  int board_ = -1, tty_ = -1;  ///< the two ends of the pseudo-terminal
  std::vector<fleet::Process> hops_;
  std::optional<BareLine> line_;
};

}  // namespace cartwise::bench
