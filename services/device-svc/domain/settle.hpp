#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/command.hpp"

namespace cartwise::device {

/// What a stream's Hello said, by the time its journal has been told in full.
struct CaughtUpStream {
  StreamId stream;
  std::string agent_epoch;
  int64_t last_seq = 0;  ///< highest order accepted in this epoch, as of Hello
};

/// What "everything of my journal has been told" says about a command that is
/// still open. Nothing when it stays open:
///
/// - the command went out on this very stream: its result is still to come;
/// - the agent itself reported UNKNOWN: only the area can tell (for a lock, the
///   snapshot that follows); this service knows no locks and never guesses;
/// - same epoch and the agent had accepted its seq: it may be at work on it.
///
/// Else DROPPED, and the device did nothing:
///
/// - NEVER_RECEIVED: same epoch, above what the agent had accepted (or never
///   numbered): it was lost with the older stream;
/// - WRONG_EPOCH: of an earlier start of the agent, which has not reported it,
///   so it was not begun; a running agent refuses it.
std::optional<Outcome> SettleAtCaughtUp(const Command& command, const CaughtUpStream& now);

}  // namespace cartwise::device
