#include "adapters/device_client.hpp"

#include <algorithm>

#include <absl/time/clock.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::rental {
namespace {

namespace v1 = device::v1;

// Where there is no connection nothing is sent, and nobody has to wonder. One that was lost
// a moment ago is made again within this time.
constexpr absl::Duration kConnectWithin = absl::Seconds(1);

CommandOutcome OutcomeOf(const v1::Command& command) {
  return {CommandStateFromName(v1::Command::State_Name(command.state())), command.reason()};
}

v1::ExecuteRequest RequestFor(const UnlockOrder& order, const char* kind, absl::Duration life) {
  v1::ExecuteRequest request;
  request.set_command_id(order.command.value());
  request.set_chain_id(order.chain.value());
  request.set_device_id(order.device.value());
  request.set_kind(kind);
  auto& arguments = *request.mutable_arguments()->mutable_fields();
  arguments["controller_id"].set_string_value(order.controller.value());
  arguments["lock"].set_number_value(order.lock);
  request.set_ttl_ms(int32_t(absl::ToInt64Milliseconds(life)));
  request.set_requested_by(order.requested_by);
  request.set_purpose(order.purpose);
  return request;
}

// Refused before anything was sent: as if it had never been asked.
bool NothingWasSent(const absl::Status& status) {
  return !errors::Reason(status).empty() &&
         (absl::IsFailedPrecondition(status) || absl::IsNotFound(status) ||
          absl::IsInvalidArgument(status) || errors::Reason(status) == "DEVICE_BUSY");
}

}  // namespace

CommandOutcome DeviceClient::Unlock(const UnlockOrder& order, absl::Time deadline,
                                    absl::FunctionRef<void()> proving) {
  const absl::Time connected_by = std::min(deadline, absl::Now() + kConnectWithin);
  if (!channel_->WaitForConnected(absl::ToChronoTime(connected_by))) {
    return {CommandState::kDropped, "DEVICE_SVC_UNREACHABLE"};
  }
  grpc::ClientContext context;
  rpc::Prepare(context, deadline, order.trace_id);
  v1::ExecuteRequest request = RequestFor(order, "lock.unlock", kCommandLife);
  request.set_tell_when_proving(true);
  v1::Command command;
  const auto said = stub_->Execute(&context, request);
  while (said->Read(&command)) {
    if (command.state() == v1::Command::SENT) proving();
  }
  const grpc::Status done = said->Finish();
  if (done.ok()) return OutcomeOf(command);
  const absl::Status status = rpc::FromGrpc(done);
  if (NothingWasSent(status)) return {CommandState::kDropped, errors::Reason(status)};
  return {CommandState::kUnknown, errors::Reason(status)};
}

absl::StatusOr<CommandOutcome> DeviceClient::LookUp(const ChainId& chain, const CommandId& id,
                                                    absl::Time deadline) {
  grpc::ClientContext context;
  rpc::Prepare(context, deadline, "");
  v1::LookUpCommandRequest request;
  request.set_command_id(id.value());
  request.set_chain_id(chain.value());
  v1::Command command;
  const grpc::Status done = stub_->LookUpCommand(&context, request, &command);
  if (done.ok()) return OutcomeOf(command);
  const absl::Status status = rpc::FromGrpc(done);
  if (errors::Reason(status) == "COMMAND_NOT_FOUND") {
    return CommandOutcome{CommandState::kDropped, "NEVER_ACCEPTED"};
  }
  return status;
}

absl::StatusOr<LockReading> DeviceClient::Read(const UnlockOrder& lock, absl::Time deadline) {
  UnlockOrder read = lock;
  read.command = CommandId::New();
  read.purpose = "recovery reads the hook";
  grpc::ClientContext context;
  rpc::Prepare(context, deadline, lock.trace_id);
  v1::Command command;
  const auto said = stub_->Execute(&context, RequestFor(read, "lock.read", absl::Seconds(2)));
  while (said->Read(&command)) {
  }
  const grpc::Status done = said->Finish();
  if (!done.ok()) return rpc::FromGrpc(done);
  const auto& seen = command.result().fields();
  const auto closed = seen.find("closed_mask"), items = seen.find("item_mask");
  if (command.state() != v1::Command::SUCCEEDED || closed == seen.end() || items == seen.end()) {
    return absl::UnavailableError("the lock could not be read");
  }
  const auto of_lock = [&lock](const google::protobuf::Value& mask) {
    return (uint32_t(mask.number_value()) >> unsigned(lock.lock - 1) & 1u) != 0;
  };
  if (!of_lock(closed->second)) return LockReading::kOpen;
  return of_lock(items->second) ? LockReading::kClosed : LockReading::kClosedEmpty;
}

}  // namespace cartwise::rental
