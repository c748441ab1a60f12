#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "core/value.hpp"

namespace cartwise::edge {

/// One command for this device; mirrors cartwise.device.v1.Order.
struct Order {
  CommandId id;
  DeviceId device;
  ChainId chain;
  std::string agent_epoch;
  int64_t seq = 0;
  absl::Duration not_after;  ///< CLOCK_BOOTTIME; later than this nothing happens
  std::string kind;
  Value arguments;
};

/// An order as it arrived. `order` was read from `bytes` and is worth nothing
/// until the signature over `bytes` is verified.
struct SignedOrder {
  std::string bytes;
  std::string signature;
  std::string key_id;
  Order order;
};

/// How an order ended; all are final.
enum class Outcome { kSucceeded, kFailed, kDropped, kRejected, kUnknown };

constexpr std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
      return "SUCCEEDED";
    case Outcome::kFailed:
      return "FAILED";
    case Outcome::kDropped:
      return "DROPPED";
    case Outcome::kRejected:
      return "REJECTED";
    case Outcome::kUnknown:
      return "UNKNOWN";
  }
  return "UNKNOWN";
}

/// Reasons of CommandResult, as in agent.proto.
namespace reasons {
inline constexpr const char* kTooLate = "TOO_LATE";
inline constexpr const char* kWrongEpoch = "WRONG_EPOCH";
inline constexpr const char* kOldSequence = "OLD_SEQUENCE";
inline constexpr const char* kBadSignature = "BAD_SIGNATURE";
inline constexpr const char* kNotMyLock = "NOT_MY_LOCK";
inline constexpr const char* kUnknownKind = "UNKNOWN_KIND";
inline constexpr const char* kStillClosed = "STILL_CLOSED";
inline constexpr const char* kAlreadyOpen = "ALREADY_OPEN";
inline constexpr const char* kNoAnswer = "NO_ANSWER";
inline constexpr const char* kPortGone = "PORT_GONE";
inline constexpr const char* kInterrupted = "INTERRUPTED";
inline constexpr const char* kLockBusy = "LOCK_BUSY";
}  // namespace reasons

/// What became of an order; mirrors cartwise.device.v1.CommandResult.
struct CommandResult {
  CommandId id;
  Outcome outcome = Outcome::kUnknown;
  std::string reason;  ///< empty on success
  Value seen;          ///< an object, or null
  int64_t pulsed_at_ms = 0;
};

}  // namespace cartwise::edge
