#pragma once

#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "domain/rental.hpp"

namespace cartwise::rental {

/// How long a lock may be pulsed after it was asked for.
inline constexpr absl::Duration kCommandLife = absl::Seconds(5);
/// How long an outcome is waited for: the command's life and its way back.
inline constexpr absl::Duration kOutcomeWait = absl::Milliseconds(6500);

/// Asks the device to pulse one lock once.
struct UnlockOrder {
  CommandId command;
  ChainId chain;
  DeviceId device;
  ControllerId controller;
  int lock = 0;
  std::string requested_by;
  std::string purpose;
  std::string trace_id;
};

enum class CommandState {
  kSent,       ///< on its way, not settled
  kSucceeded,  ///< the hook opened
  kFailed,     ///< pulsed, and the hook stayed as it was
  kDropped,    ///< nothing happened and nothing will
  kRejected,   ///< the same, refused by the device
  kUnknown,    ///< nobody knows (yet)
};

/// "SUCCEEDED"; kUnknown for a name that is none.
CommandState CommandStateFromName(std::string_view name);
std::string Name(CommandState state);

struct CommandOutcome {
  CommandState state = CommandState::kUnknown;
  std::string reason;  ///< UPPER_SNAKE; empty on success
};

/// What a lock reads like.
enum class LockReading {
  kOpen,
  kClosed,       ///< and, where there is a sensor, with its cart
  kClosedEmpty,  ///< the hook is closed and the infrared sensor sees no cart
};

/// The locks, behind device-svc. Thread-safe.
class Devices {
 public:
  virtual ~Devices() = default;
  /// Sends the order and waits for its outcome, at most until `deadline`. `proving` may be called
  /// meanwhile: the lock was pulsed, and the outcome is milliseconds away.
  /// Without a word the outcome is kUnknown; a refusal before sending is
  /// kDropped.
  virtual CommandOutcome Unlock(const UnlockOrder& order, absl::Time deadline,
                                absl::FunctionRef<void()> proving) = 0;
  /// What became of a command. One that was never accepted is kDropped, and
  /// barred for ever. Fails when nobody can be asked.
  virtual absl::StatusOr<CommandOutcome> LookUp(const ChainId& chain, const CommandId& command,
                                                absl::Time deadline) = 0;
  /// Reads a lock now. Fails when the device cannot be reached or does not answer.
  virtual absl::StatusOr<LockReading> Read(const UnlockOrder& lock, absl::Time deadline) = 0;
};

/// The order that opens the lock of a rental's cart.
UnlockOrder OrderFor(const Rental& rental, std::string requested_by, std::string trace_id);

}  // namespace cartwise::rental
