#include "api/commands_rpc.hpp"

#include <google/protobuf/util/message_differencer.h>

#include "api/translation.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/devices.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

absl::Duration TtlOf(int32_t ttl_ms) {
  return ttl_ms == 0 ? kDefaultTtl : absl::Milliseconds(ttl_ms);
}

}  // namespace

bool SameJson(const std::string& one, const std::string& other) {
  return google::protobuf::util::MessageDifferencer::Equals(ToStruct(one), ToStruct(other));
}

grpc::Status CommandsRpc::CreateCommand(grpc::ServerContext* ctx,
                                        const v1::CreateCommandRequest* req, v1::Command* out) {
  return guard_.CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
    NewCommand wanted;
    // The same key of the same caller is the same command.
    wanted.id = rpc::CommandFor(caller);
    CW_ASSIGN_OR_RETURN(wanted.device, ParseId<DeviceId>("device_id", req->device_id()));
    wanted.kind = req->kind();
    CW_ASSIGN_OR_RETURN(wanted.arguments, ToJson("arguments", req->arguments()));
    wanted.ttl = TtlOf(req->ttl_ms());
    wanted.requested_by = caller.Label();
    wanted.purpose = req->purpose();
    CW_ASSIGN_OR_RETURN(const Command command, commands_.Execute(caller, std::move(wanted)));
    *out = ToProto(command);
    return absl::OkStatus();
  });
}

grpc::Status CommandsRpc::ListCommands(grpc::ServerContext* ctx, const v1::ListCommandsRequest* req,
                                       v1::ListCommandsResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("device_id", req->device_id()));
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
    CW_ASSIGN_OR_RETURN(const Device device, FindVisible(store, caller, id, Role::kViewer));
    CW_RETURN_IF_ERROR(CheckEndsWithId(page));
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
                                          grpc::ServerWriter<v1::Command>* out) {
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
    const auto tell = [&](const Command& proving) {
      if (req->tell_when_proving()) out->Write(ToProto(proving));
    };
    CW_ASSIGN_OR_RETURN(const Command command,
                        commands_.Execute(caller, wanted, TellWhen::kSaid, tell));
    out->WriteLast(ToProto(command), {});
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
