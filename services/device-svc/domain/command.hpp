#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::device {

using StreamId = StrongId<struct StreamTag>;
using ReplicaId = StrongId<struct ReplicaTag>;

/// Where a command is. SENT and UNKNOWN are open, the others final.
enum class CommandState { kSent, kSucceeded, kFailed, kDropped, kRejected, kUnknown };

std::string_view NameOf(CommandState state);
CommandState CommandStateNamed(std::string_view name);

/// One allowed change. What is not in the table never happens: the statements
/// that write a state are guarded by it, and a trigger stands behind them.
struct CommandEdge {
  CommandState from;
  CommandState to;
};

inline constexpr std::array kCommandEdges{
    CommandEdge{CommandState::kSent, CommandState::kSucceeded},
    CommandEdge{CommandState::kSent, CommandState::kFailed},
    CommandEdge{CommandState::kSent, CommandState::kDropped},
    CommandEdge{CommandState::kSent, CommandState::kRejected},
    // Silence past the deadline, or the agent does not know either.
    CommandEdge{CommandState::kSent, CommandState::kUnknown},
    // The agent's word came late.
    CommandEdge{CommandState::kUnknown, CommandState::kSucceeded},
    CommandEdge{CommandState::kUnknown, CommandState::kFailed},
    CommandEdge{CommandState::kUnknown, CommandState::kDropped},
    CommandEdge{CommandState::kUnknown, CommandState::kRejected},
};

constexpr bool MayBecome(CommandState from, CommandState to) {
  for (const CommandEdge& edge : kCommandEdges) {
    if (edge.from == from && edge.to == to) return true;
  }
  return false;
}

constexpr bool IsOpen(CommandState state) {
  return state == CommandState::kSent || state == CommandState::kUnknown;
}

static_assert(MayBecome(CommandState::kUnknown, CommandState::kSucceeded));
static_assert(!MayBecome(CommandState::kDropped, CommandState::kSucceeded));
static_assert(!MayBecome(CommandState::kUnknown, CommandState::kSent));

inline constexpr absl::Duration kDefaultTtl = absl::Seconds(5);
inline constexpr absl::Duration kLeastTtl = absl::Milliseconds(500);
inline constexpr absl::Duration kMostTtl = absl::Seconds(60);

/// What somebody wants a device to do.
struct NewCommand {
  CommandId id;
  ChainId chain;
  DeviceId device;
  std::string kind;              ///< `<area>.<verb>`
  std::string arguments = "{}";  ///< a JSON object
  absl::Duration ttl = kDefaultTtl;
  std::string requested_by;
  std::string purpose;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
};

/// How a command ended, or that nobody knows.
struct Outcome {
  CommandState state = CommandState::kUnknown;
  std::string reason;
  std::string seen = "{}";  ///< a JSON object
  int attempts = 0;
};

/// One command to one device, as stored.
struct Command {
  CommandId id;
  ChainId chain;
  DeviceId device;  ///< empty in a tombstone
  std::string kind;
  std::string arguments = "{}";
  CommandState state = CommandState::kSent;
  int attempts = 0;
  absl::Time issued_at;
  absl::Duration ttl;
  StreamId stream;
  std::string agent_epoch;
  std::optional<int64_t> seq;
  bool reported = false;  ///< the agent itself said UNKNOWN
  std::string result = "{}";
  std::string reason;
  std::string requested_by;
  std::string purpose;
  std::optional<absl::Time> settled_at;

  /// An id that was looked up before it was accepted, and is barred since.
  bool IsTombstone() const { return device.empty(); }
};

/// Verbs that change nothing end in `.read`; everything else acts on the world
/// and needs a reason from a person.
bool ActsOnTheWorld(std::string_view kind);

}  // namespace cartwise::device
