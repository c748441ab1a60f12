#pragma once

#include <memory>

#include "cartwise/device/v1/commands.grpc.pb.h"
#include "domain/devices.hpp"

namespace cartwise::rental {

/// The locks, behind device-svc's CommandExecutionService. Thread-safe.
class DeviceClient final : public Devices {
 public:
  explicit DeviceClient(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)),
        stub_(device::v1::CommandExecutionService::NewStub(channel_)) {}

  CommandOutcome Unlock(const UnlockOrder& order, absl::Time deadline,
                        absl::FunctionRef<void()> proving) override;
  absl::StatusOr<CommandOutcome> LookUp(const ChainId& chain, const CommandId& command,
                                        absl::Time deadline) override;
  absl::StatusOr<LockReading> Read(const UnlockOrder& lock, absl::Time deadline) override;

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<device::v1::CommandExecutionService::Stub> stub_;
};

}  // namespace cartwise::rental
