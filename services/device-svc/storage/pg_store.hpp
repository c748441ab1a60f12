#pragma once

#include "cartwise/pg/pool.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// The Store on PostgreSQL, for the length of one transaction. Its statements
/// stand in pg_devices.cpp, pg_controllers.cpp, pg_streams.cpp, pg_commands.cpp
/// and pg_events.cpp. Used by one thread.
class PgStore final : public Store {
 public:
  explicit PgStore(pg::Transaction& tx) : tx_(tx) {}

  absl::StatusOr<std::optional<Device>> FindDevice(const DeviceId& id) override;
  absl::StatusOr<std::optional<Device>> LockDevice(const DeviceId& id) override;
  absl::StatusOr<std::optional<Device>> LockDeviceByMac(const std::string& mac) override;
  absl::StatusOr<int> HoldCount(const ChainId& chain) override;
  absl::StatusOr<bool> InsertDevice(const Device& device) override;
  absl::Status UpdateDevice(const Device& device) override;
  absl::StatusOr<std::vector<Device>> ListDevices(const DeviceFilter& filter,
                                                  const PageRequest& page) override;
  absl::StatusOr<std::vector<Device>> LockVanished(absl::Time silent_since, int most) override;
  absl::StatusOr<std::optional<Controller>> FindController(const ControllerId& id) override;
  absl::StatusOr<std::vector<Controller>> ListControllers(const DeviceKey& device,
                                                          const PageRequest& page) override;
  absl::StatusOr<std::vector<Controller>> ControllersOf(const DeviceKey& device) override;
  absl::StatusOr<bool> InsertController(const Controller& controller) override;
  absl::StatusOr<bool> UpdateController(const Controller& controller) override;
  absl::Status DeleteController(const Controller& controller) override;
  absl::StatusOr<std::optional<Controller>> SetControllerStatus(const DeviceKey& device,
                                                                const ControllerId& id,
                                                                ControllerStatus status,
                                                                absl::Time now) override;
  absl::StatusOr<std::optional<ReplicaId>> OpenStream(const DeviceKey& device,
                                                      const NewStream& stream) override;
  absl::StatusOr<bool> CloseStream(const DeviceKey& device, const StreamId& stream) override;
  absl::StatusOr<std::optional<ReplicaId>> CutStream(const DeviceKey& device) override;
  absl::StatusOr<StreamId> CurrentStream(const DeviceKey& device) override;
  absl::StatusOr<std::optional<ReplicaId>> HolderOf(const DeviceKey& device) override;
  absl::StatusOr<bool> IsConnected(const DeviceKey& device) override;
  absl::StatusOr<std::optional<Command>> FindCommand(const ChainId& chain,
                                                     const CommandId& id) override;
  absl::StatusOr<std::vector<Command>> ListCommands(const DeviceKey& device,
                                                    std::optional<CommandState> state,
                                                    const PageRequest& page) override;
  absl::StatusOr<std::vector<Command>> LockOpenCommands(const DeviceKey& device) override;
  absl::StatusOr<std::optional<SettledCommand>> Settle(const DeviceKey& device, const CommandId& id,
                                                       const Outcome& outcome,
                                                       bool by_agent) override;
  absl::Status InsertTombstone(const ChainId& chain, const CommandId& id,
                               const std::string& requested_by) override;
  absl::Status Announce(const Change& change, const Device& device) override;
  absl::Status Announce(const Change& change, const Controller& controller,
                        bool device_online) override;
  absl::Status AnnounceRequested(const Caller& caller, const NewCommand& command,
                                 const BranchId& branch) override;
  absl::Status AnnounceSettled(const Command& command, const BranchId& branch) override;
  absl::Status Tell(const ReplicaId& replica, const Notice& notice) override;

 private:
  pg::Transaction& tx_;
};

}  // namespace cartwise::device
