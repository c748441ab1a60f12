#include "api/commands_rpc.hpp"

#include <absl/time/clock.h>
#include <google/protobuf/util/message_differencer.h>

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/devices.hpp"
#include "domain/fields.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

// The same key of the same caller is the same command, which is never sent twice.
absl::Duration TtlOf(int32_t ttl_ms) {
  return ttl_ms == 0 ? kDefaultTtl : absl::Milliseconds(ttl_ms);
}

// Arguments are compared as JSON: the database writes them in its own way.
bool SameWish(const Command& stored, const NewCommand& wanted) {
  return stored.device == wanted.device && stored.kind == wanted.kind && stored.ttl == wanted.ttl &&
         stored.purpose == wanted.purpose &&
         google::protobuf::util::MessageDifferencer::Equals(ToStruct(stored.arguments),
                                                            ToStruct(wanted.arguments));
}

}  // namespace

grpc::Status CommandsRpc::CreateCommand(grpc::ServerContext* ctx,
                                        const v1::CreateCommandRequest* req, v1::Command* out) {
  return guard_.CallOnce(ctx, *req, *out,
                         [&](const Caller& caller) { return Create(caller, *req, *out); });
}

absl::Status CommandsRpc::Create(const Caller& caller, const v1::CreateCommandRequest& req,
                                 v1::Command& out) {
  NewCommand wanted;
  wanted.id = rpc::CommandFor(caller);
  CW_ASSIGN_OR_RETURN(wanted.device, ParseId<DeviceId>("device_id", req.device_id()));
  wanted.kind = req.kind();
  CW_ASSIGN_OR_RETURN(wanted.arguments, ToJson("arguments", req.arguments()));
  wanted.ttl = TtlOf(req.ttl_ms());
  wanted.requested_by = caller.Label();
  wanted.purpose = req.purpose();
  Caller mine = caller;
  mine.once = nullptr;  // a repeat is told by its command id
  BranchId branch;
  bool repeated = false;
  CW_RETURN_IF_ERROR(database_.Write(mine, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Device device,
                        FindVisible(store, caller, wanted.device, Role::kInstaller));
    wanted.chain = device.chain;
    branch = device.branch;
    CW_RETURN_IF_ERROR(wanted.Check());
    if (ActsOnTheWorld(wanted.kind) && wanted.purpose.empty()) {
      return errors::InvalidField("purpose", "is required: say why");
    }
    CW_ASSIGN_OR_RETURN(const auto known, store.FindCommand(wanted.chain, wanted.id));
    repeated = known.has_value();
    // Before it is sent: what a person opens is in the audit log whatever happens next.
    return repeated ? absl::OkStatus() : store.AnnounceRequested(caller, wanted, branch);
  }));
  CW_ASSIGN_OR_RETURN(const Command command, commands_.Execute(mine, wanted));
  if (!SameWish(command, wanted)) return reasons::IdempotencyKeyReused();
  if (!repeated && !IsOpen(command.state)) CW_RETURN_IF_ERROR(Settled(mine, command, branch));
  out = ToProto(command);
  return absl::OkStatus();
}

// Whatever became of it has happened; the answer does not depend on this.
absl::Status CommandsRpc::Settled(Caller caller, const Command& command, const BranchId& branch) {
  caller.deadline = absl::Now() + absl::Seconds(3);
  return database_.Write(caller,
                         [&](Store& store) { return store.AnnounceSettled(command, branch); });
}

grpc::Status CommandsRpc::ListCommands(grpc::ServerContext* ctx, const v1::ListCommandsRequest* req,
                                       v1::ListCommandsResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("device_id", req->device_id()));
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
    CW_ASSIGN_OR_RETURN(const Device device, FindVisible(store, caller, id, Role::kViewer));
    CW_RETURN_IF_ERROR(CheckPage(page));
    CW_ASSIGN_OR_RETURN(auto commands,
                        store.ListCommands(KeyOf(device), FromProto(req->state()), page));
    out->set_next_page_token(CutPage(commands, page, [](const Command& last) {
      return std::vector<std::string>{ToRfc3339(last.issued_at), last.id.value()};
    }));
    for (const Command& command : commands) *out->add_commands() = ToProto(command);
    return absl::OkStatus();
  });
}

grpc::Status CommandsRpc::GetCommand(grpc::ServerContext* ctx, const v1::GetCommandRequest* req,
                                     v1::Command* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<CommandId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const auto command, store.FindCommand(caller.chain, id));
    if (!command || command->IsTombstone()) return reasons::CommandNotFound();
    const auto device = FindVisible(store, caller, command->device, Role::kViewer);
    if (!device.ok()) return reasons::CommandNotFound();
    *out = ToProto(*command);
    return absl::OkStatus();
  });
}

grpc::Status CommandExecutionRpc::Execute(grpc::ServerContext* ctx, const v1::ExecuteRequest* req,
                                          v1::Command* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    NewCommand wanted;
    CW_ASSIGN_OR_RETURN(wanted.id, ParseId<CommandId>("command_id", req->command_id()));
    CW_ASSIGN_OR_RETURN(wanted.chain, ParseId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(wanted.device, ParseId<DeviceId>("device_id", req->device_id()));
    wanted.kind = req->kind();
    CW_ASSIGN_OR_RETURN(wanted.arguments, ToJson("arguments", req->arguments()));
    wanted.ttl = TtlOf(req->ttl_ms());
    wanted.requested_by = req->requested_by().empty() ? caller.Label() : req->requested_by();
    wanted.purpose = req->purpose();
    CW_RETURN_IF_ERROR(wanted.Check());
    CW_ASSIGN_OR_RETURN(const Command command, commands_.Execute(caller, wanted, TellWhen::kSaid));
    *out = ToProto(command);
    return absl::OkStatus();
  });
}

grpc::Status CommandExecutionRpc::LookUpCommand(grpc::ServerContext* ctx,
                                                const v1::LookUpCommandRequest* req,
                                                v1::Command* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<CommandId>("command_id", req->command_id()));
    CW_ASSIGN_OR_RETURN(const auto chain, ParseId<ChainId>("chain_id", req->chain_id()));
    CW_ASSIGN_OR_RETURN(const Command command, commands_.LookUp(caller, chain, id));
    *out = ToProto(command);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::device
