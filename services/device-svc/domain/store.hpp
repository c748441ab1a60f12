#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/audit.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/base/page.hpp"
#include "domain/command.hpp"
#include "domain/controller.hpp"
#include "domain/device.hpp"
#include "domain/notice.hpp"

namespace cartwise::device {

/// A device of which the chain is known: what every statement about streams and
/// commands is looked up by.
struct DeviceKey {
  ChainId chain;
  DeviceId device;

  bool operator==(const DeviceKey&) const = default;
};

inline DeviceKey KeyOf(const Device& device) {
  return {device.chain, device.id};
}

struct DeviceFilter {
  std::optional<BranchId> branch;
  std::optional<std::vector<BranchId>> visible;  ///< narrow to these
  std::optional<Status> status;
  bool include_retired = false;
};

/// The control stream that a device opens.
struct NewStream {
  StreamId id;
  ReplicaId replica;
  std::string agent_epoch;
  int64_t last_seq = 0;
  absl::Time opened_at;
};

/// A stream that the table holds for a process.
struct HeldStream {
  DeviceKey device;
  StreamId stream;
  absl::Time opened_at;
};

/// What is announced, and, where somebody did it, who.
struct Change {
  std::string type;  ///< "device.updated"
  std::optional<Audit> audit;
  std::string trace_id;
};

/// One that `caller` makes, for this reason.
inline Change ChangeBy(const Caller& caller, std::string type, std::string reason = "") {
  return {std::move(type), AuditOf(caller, std::move(reason)), caller.trace_id};
}

struct SettledCommand {
  Command command;
  std::optional<ReplicaId> waiting;  ///< whose caller waits for it
};

/// Everything that can be asked and written within one transaction. Sees the
/// tenant of the transaction only. Failures are those of pg::Transaction::Run.
class Store {
 public:
  virtual ~Store() = default;

  virtual absl::StatusOr<std::optional<Device>> FindDevice(const DeviceId& id) = 0;
  /// The same, locked until the end of the transaction.
  virtual absl::StatusOr<std::optional<Device>> LockDevice(const DeviceId& id) = 0;
  /// The device in service with this address, of any chain, locked.
  virtual absl::StatusOr<std::optional<Device>> LockDeviceByMac(const std::string& mac) = 0;
  /// Devices of the chain that are not retired. Whoever else counts them waits
  /// until the transaction ends.
  virtual absl::StatusOr<int> HoldCount(const ChainId& chain) = 0;
  /// False when the MAC address is taken.
  virtual absl::StatusOr<bool> InsertDevice(const Device& device) = 0;
  virtual absl::Status UpdateDevice(const Device& device) = 0;
  /// By name, then id.
  virtual absl::StatusOr<std::vector<Device>> ListDevices(const DeviceFilter& filter,
                                                          const PageRequest& page) = 0;
  /// Locks up to `most` devices that are marked as there but are not: their
  /// stream's process has lost its lease, or there is no stream and the last
  /// heartbeat is before `silent_since`. Skips those somebody else works on.
  virtual absl::StatusOr<std::vector<Device>> LockVanished(absl::Time silent_since, int most) = 0;

  virtual absl::StatusOr<std::optional<Controller>> FindController(const ControllerId& id) = 0;
  /// By port, then address, then id.
  virtual absl::StatusOr<std::vector<Controller>> ListControllers(const DeviceKey& device,
                                                                  const PageRequest& page) = 0;
  virtual absl::StatusOr<std::vector<Controller>> ControllersOf(const DeviceKey& device) = 0;
  /// False when the address is taken on this port.
  virtual absl::StatusOr<bool> InsertController(const Controller& controller) = 0;
  virtual absl::StatusOr<bool> UpdateController(const Controller& controller) = 0;
  virtual absl::Status DeleteController(const Controller& controller) = 0;
  /// Only of this device's boards, only where it changes something: the board then. One that was
  /// never found stays INACTIVE when it is lost.
  virtual absl::StatusOr<std::optional<Controller>> SetControllerStatus(const DeviceKey& device,
                                                                        const ControllerId& id,
                                                                        ControllerStatus status,
                                                                        absl::Time now) = 0;

  /// Makes this the stream that counts; answers who held an older one.
  virtual absl::StatusOr<std::optional<ReplicaId>> OpenStream(const DeviceKey& device,
                                                              const NewStream& stream) = 0;
  /// False when another stream counts by now.
  virtual absl::StatusOr<bool> CloseStream(const DeviceKey& device, const StreamId& stream) = 0;
  /// Whatever stream there is; answers who held it.
  virtual absl::StatusOr<std::optional<ReplicaId>> CutStream(const DeviceKey& device) = 0;
  /// The stream that counts; empty when there is none.
  virtual absl::StatusOr<StreamId> CurrentStream(const DeviceKey& device) = 0;
  /// The process that holds the device's stream, alive or not.
  virtual absl::StatusOr<std::optional<ReplicaId>> HolderOf(const DeviceKey& device) = 0;
  /// True while a stream is open at a process whose lease runs.
  virtual absl::StatusOr<bool> IsConnected(const DeviceKey& device) = 0;

  /// `chain` may be empty for a platform admin, who does not know it.
  virtual absl::StatusOr<std::optional<Command>> FindCommand(const ChainId& chain,
                                                             const CommandId& id) = 0;
  /// Newest first.
  virtual absl::StatusOr<std::vector<Command>> ListCommands(const DeviceKey& device,
                                                            std::optional<CommandState> state,
                                                            const PageRequest& page) = 0;
  /// SENT and UNKNOWN ones, locked; without those that the agent itself called UNKNOWN.
  virtual absl::StatusOr<std::vector<Command>> LockOpenCommands(const DeviceKey& device) = 0;
  /// Writes an outcome where the table of states allows it; nothing else.
  /// Empty when the command is absent, another device's, or final already.
  virtual absl::StatusOr<std::optional<SettledCommand>> Settle(const DeviceKey& device,
                                                               const CommandId& id,
                                                               const Outcome& outcome,
                                                               bool by_agent) = 0;
  /// Bars an id that nobody has used from being executed. Does nothing when it is there.
  virtual absl::Status InsertTombstone(const ChainId& chain, const CommandId& id,
                                       const std::string& requested_by) = 0;

  /// Announces `device.<what>` with the device and the ids of its controllers.
  virtual absl::Status Announce(const Change& change, const Device& device) = 0;
  virtual absl::Status Announce(const Change& change, const Controller& controller,
                                bool device_online) = 0;
  /// Announces that a person wants a command, before it is sent.
  virtual absl::Status AnnounceRequested(const Caller& caller, const NewCommand& command,
                                         const BranchId& branch) = 0;
  /// Announces `command.settled`, as the doing of whoever requested it.
  virtual absl::Status AnnounceSettled(const Command& command, const BranchId& branch) = 0;
  /// Reaches the process after the commit.
  virtual absl::Status Tell(const ReplicaId& replica, const Notice& notice) = 0;
};

}  // namespace cartwise::device
