#pragma once

#include <cstdint>
#include <string>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "core/value.hpp"

namespace cartwise::edge {

/// A journalled event; mirrors cartwise.device.v1.AgentEvent.
struct AgentEvent {
  EventId id;
  int64_t seq = 0;
  std::string type;
  std::string subject;
  Value payload;
  absl::Time occurred_at;
  absl::Duration boot_clock;
  std::string agent_epoch;
};

/// One measurement; mirrors cartwise.device.v1.TelemetryEvent.
struct Measurement {
  EventId id;
  std::string type;
  Value data;
  absl::Time occurred_at;
};

/// The last that was reported of a lock (1 to 16), or of its board (lock 0).
/// The numbers are those of LockState and ItemLeft, or of Reach for a board.
/// Kept in the same transaction as the event, so that a restarted agent
/// reports exactly the differences.
struct LockMark {
  ControllerId controller;
  int lock = 0;
  int state = 0;
  int left = 0;
};

}  // namespace cartwise::edge
