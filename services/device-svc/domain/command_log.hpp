#pragma once

#include <optional>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "domain/command.hpp"
#include "domain/device.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// A command that was committed and numbered, ready for the wire.
struct Begun {
  int64_t seq = 0;
  absl::Time issued_at;
};

/// Where a command for a device would have to go.
struct Route {
  std::optional<Device> device;
  StreamId stream;    ///< empty: no stream that lives
  ReplicaId replica;  ///< who holds it
};

/// A command that another process handed over, numbered by now.
struct TakenOver {
  Command command;
  absl::Duration age;  ///< since it was accepted, by the database's clock
};

/// Port: what the way of a command writes, one statement in one round trip
/// each. Thread-safe. `deadline` bounds waiting for a connection.
class CommandLog {
 public:
  virtual ~CommandLog() = default;

  /// Commits the command as SENT under the stream's next number. Empty, and
  /// nothing written, when the id is known already or the stream does not count
  /// any more. `meanwhile` runs while it is being committed.
  virtual absl::StatusOr<std::optional<Begun>> Begin(const NewCommand& command,
                                                     const StreamId& stream, absl::Time deadline,
                                                     absl::FunctionRef<void()> meanwhile) = 0;
  virtual absl::StatusOr<Route> FindRoute(const DeviceKey& device, absl::Time deadline) = 0;
  /// Commits the command as SENT, not numbered yet, and tells `to` in the same
  /// transaction. False, and nothing written, as for Begin. It was accepted `age` ago: so much of
  /// its ttl is gone.
  virtual absl::StatusOr<bool> HandOver(const NewCommand& command, const StreamId& stream,
                                        const ReplicaId& from, const ReplicaId& to,
                                        absl::Duration age, absl::Time deadline) = 0;
  /// Numbers a handed-over command. Empty when it is not to be sent any more.
  virtual absl::StatusOr<std::optional<TakenOver>> TakeOver(const ChainId& chain,
                                                            const CommandId& id,
                                                            absl::Time deadline) = 0;
  /// Handed over on streams of this process and not numbered: what a lost
  /// notice left behind.
  virtual absl::StatusOr<std::vector<Command>> NotTakenOver(const ReplicaId& replica,
                                                            absl::Time deadline) = 0;
  virtual absl::StatusOr<std::optional<Command>> Find(const ChainId& chain, const CommandId& id,
                                                      absl::Time deadline) = 0;
  /// From SENT only, and only for a caller of this process: anything else
  /// (false) takes the long way, which also announces.
  virtual absl::StatusOr<bool> SettleForWaiter(const DeviceKey& device, const CommandId& id,
                                               const Outcome& outcome, absl::Time deadline) = 0;
  /// SENT becomes UNKNOWN (true), or DROPPED when it was never numbered and so never sent; anything
  /// else stays.
  virtual absl::StatusOr<bool> GiveUp(const ChainId& chain, const CommandId& id,
                                      const std::string& reason, absl::Time deadline) = 0;
  /// All SENT ones whose deadline was more than `allowance` ago become UNKNOWN:
  /// whoever waited for them is gone.
  virtual absl::StatusOr<int> GiveUpAbandoned(absl::Duration allowance, absl::Time deadline) = 0;
};

}  // namespace cartwise::device
