#include "api/sink_rpc.hpp"

#include <nlohmann/json.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/outbox/sink.hpp"

namespace cartwise::rental {
namespace {

using nlohmann::json;

constexpr double kUsualTerm = 7200;

template <typename Id>
Id IdIn(const json& payload, const char* name) {
  const auto found = payload.find(name);
  if (found == payload.end() || !found->is_string()) return Id();
  const auto id = ParseId<Id>(name, found->get<std::string>());
  return id.ok() ? *id : Id();
}

std::string TextIn(const json& payload, const char* name) {
  const auto found = payload.find(name);
  return found != payload.end() && found->is_string() ? found->get<std::string>() : "";
}

double NumberIn(const json& payload, const char* name, double fallback) {
  const auto found = payload.find(name);
  return found != payload.end() && found->is_number() ? found->get<double>() : fallback;
}

// Whole numbers within a range; what lies outside is as absent.
int64_t WholeIn(const json& payload, const char* name, int64_t most) {
  const double number = NumberIn(payload, name, 0);
  return number >= 0 && number <= double(most) ? int64_t(number) : 0;
}

bool FlagIn(const json& payload, const char* name, bool fallback) {
  const auto found = payload.find(name);
  return found != payload.end() && found->is_boolean() ? found->get<bool>() : fallback;
}

ItemLeft ItemLeftNamed(const std::string& name) {
  if (name == "YES") return ItemLeft::kYes;
  return name == "NO" ? ItemLeft::kNo : ItemLeft::kUnknown;
}

std::optional<Fact> ChainIn(const Event& event, const json& payload) {
  const bool deleted = event.type == "chain.deleted" || FlagIn(payload, "deleted", false);
  return ChainTold{event.chain, !deleted && FlagIn(payload, "active", true), event.occurred_at};
}

std::optional<Fact> BranchIn(const Event& event, const json& payload) {
  const auto branch = IdIn<BranchId>(payload, "id");
  if (branch.empty()) return std::nullopt;
  const double term = NumberIn(payload, "rental_term_seconds", kUsualTerm);
  return BranchTold{event.chain,
                    branch,
                    FlagIn(payload, "active", true),
                    event.type == "branch.deleted" || FlagIn(payload, "deleted", false),
                    absl::Seconds(term >= 60 ? term : kUsualTerm),
                    TextIn(payload, "time_zone"),
                    event.occurred_at};
}

std::optional<Fact> ControllerIn(const Event& event, const json& payload) {
  ControllerTold told{event.chain,
                      IdIn<ControllerId>(payload, "id"),
                      IdIn<BranchId>(payload, "branch_id"),
                      IdIn<DeviceId>(payload, "device_id"),
                      FlagIn(payload, "has_ir", false),
                      FlagIn(payload, "device_online", false),
                      event.type == "controller.deleted",
                      event.occurred_at};
  if (told.controller.empty() || told.branch.empty() || told.device.empty()) return std::nullopt;
  return told;
}

std::optional<Fact> LockIn(const Event& event, const json& payload) {
  LockChange change;
  change.event = event.id;
  change.chain = event.chain;
  change.device = event.device;
  change.controller = IdIn<ControllerId>(payload, "controller_id");
  change.lock = int(WholeIn(payload, "lock", 16));
  change.closed = event.type == "lock.closed";
  change.command = IdIn<CommandId>(payload, "command_id");
  change.item_left = ItemLeftNamed(TextIn(payload, "item_left"));
  change.occurred_at = event.occurred_at;
  change.sequence = event.sequence;
  // A hook pressed by hand: the sensors see no cart behind it.
  if (change.closed && !FlagIn(payload, "item_present", true)) return std::nullopt;
  if (change.controller.empty() || change.lock < 1 || change.lock > 16) return std::nullopt;
  return change;
}

std::optional<Fact> SnapshotIn(const Event& event, const json& payload) {
  SnapshotTold snapshot{event.id, event.chain, event.device, event.occurred_at, {}};
  const auto boards = payload.find("boards");
  if (boards == payload.end() || !boards->is_array()) return std::nullopt;
  for (const json& board : *boards) {
    if (!board.is_object()) continue;
    snapshot.boards.push_back({IdIn<ControllerId>(board, "controller_id"),
                               FlagIn(board, "reachable", false),
                               uint32_t(WholeIn(board, "closed_mask", 0xFFFF)),
                               uint32_t(WholeIn(board, "item_mask", 0xFFFF))});
  }
  return snapshot;
}

std::optional<Fact> CommandIn(const Event& event, const json& payload) {
  const auto command = IdIn<CommandId>(payload, "command_id");
  if (command.empty()) return std::nullopt;
  return CommandTold{event.chain,
                     command,
                     {CommandStateFromName(TextIn(payload, "state")), TextIn(payload, "reason")}};
}

bool Starts(const std::string& type, std::string_view area) {
  return type.rfind(area, 0) == 0;
}

}  // namespace

std::optional<Fact> FactIn(const Event& event) {
  const json payload = json::parse(event.payload, nullptr, false);
  if (!payload.is_object()) return std::nullopt;
  if (event.type == "lock.opened" || event.type == "lock.closed") return LockIn(event, payload);
  if (event.type == "lock.snapshot") return SnapshotIn(event, payload);
  if (event.type == "command.settled") return CommandIn(event, payload);
  if (event.type == "device.online" || event.type == "device.offline") {
    if (event.device.empty() || event.branch.empty()) return std::nullopt;
    return PresenceTold{event.chain, event.device, event.branch, event.type == "device.online",
                        event.occurred_at};
  }
  if (Starts(event.type, "controller.")) return ControllerIn(event, payload);
  if (Starts(event.type, "branch.")) return BranchIn(event, payload);
  if (Starts(event.type, "chain.")) return ChainIn(event, payload);
  return std::nullopt;
}

grpc::Status SinkRpc::Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                              google::protobuf::Empty*) {
  const grpc::Status status = guard_.Call(ctx, *req, [&](const Caller&) -> absl::Status {
    for (const auto& each : req->events()) {
      CW_ASSIGN_OR_RETURN(const Event event, outbox::FromProto(each));
      const auto fact = FactIn(event);
      if (fact) CW_RETURN_IF_ERROR(facts_.Take(*fact));
    }
    return absl::OkStatus();
  });
  announced_();
  return status;
}

}  // namespace cartwise::rental
