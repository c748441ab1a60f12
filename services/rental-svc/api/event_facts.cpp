#include "api/event_facts.hpp"

#include "api/translation.hpp"

namespace cartwise::rental {
namespace {

using events::v1::Event;
using google::protobuf::Struct;
using google::protobuf::Value;

constexpr double kUsualTerm = 7200;

const Value* Find(const Struct& payload, const char* name) {
  const auto found = payload.fields().find(name);
  return found == payload.fields().end() ? nullptr : &found->second;
}

std::string TextIn(const Struct& payload, const char* name) {
  const Value* value = Find(payload, name);
  return value != nullptr ? value->string_value() : std::string();
}

bool FlagIn(const Struct& payload, const char* name, bool fallback) {
  const Value* value = Find(payload, name);
  return value != nullptr && value->has_bool_value() ? value->bool_value() : fallback;
}

double NumberIn(const Struct& payload, const char* name, double fallback) {
  const Value* value = Find(payload, name);
  return value != nullptr && value->has_number_value() ? value->number_value() : fallback;
}

// Whole numbers within a range; what lies outside is as absent.
int64_t WholeIn(const Struct& payload, const char* name, int64_t most) {
  const double number = NumberIn(payload, name, 0);
  return number >= 0 && number <= double(most) ? int64_t(number) : 0;
}

/// Empty for what is no id.
template <typename Id>
Id IdOf(const std::string& text) {
  auto id = ParseId<Id>("id", text);
  return id.ok() ? *std::move(id) : Id();
}

template <typename Id>
Id IdIn(const Struct& payload, const char* name) {
  return IdOf<Id>(TextIn(payload, name));
}

ItemLeft ItemLeftNamed(const std::string& name) {
  if (name == "YES") return ItemLeft::kYes;
  return name == "NO" ? ItemLeft::kNo : ItemLeft::kUnknown;
}

std::optional<Fact> ChainIn(const Event& event, const ChainId& chain) {
  const bool deleted = event.type() == "chain.deleted" || FlagIn(event.payload(), "deleted", false);
  return ChainTold{chain, !deleted && FlagIn(event.payload(), "active", true),
                   FromTimestamp(event.occurred_at())};
}

std::optional<Fact> BranchIn(const Event& event, const ChainId& chain) {
  const auto branch = IdIn<BranchId>(event.payload(), "id");
  if (branch.empty()) return std::nullopt;
  const double term = NumberIn(event.payload(), "rental_term_seconds", kUsualTerm);
  return BranchTold{chain,
                    branch,
                    FlagIn(event.payload(), "active", true),
                    event.type() == "branch.deleted" || FlagIn(event.payload(), "deleted", false),
                    absl::Seconds(term >= 60 ? term : kUsualTerm),
                    TextIn(event.payload(), "time_zone"),
                    FromTimestamp(event.occurred_at())};
}

std::optional<Fact> ControllerIn(const Event& event, const ChainId& chain) {
  ControllerTold told{chain,
                      IdIn<ControllerId>(event.payload(), "id"),
                      IdIn<BranchId>(event.payload(), "branch_id"),
                      IdIn<DeviceId>(event.payload(), "device_id"),
                      FlagIn(event.payload(), "has_ir", false),
                      FlagIn(event.payload(), "device_online", false),
                      TextIn(event.payload(), "status") == "ACTIVE",
                      event.type() == "controller.deleted",
                      FromTimestamp(event.occurred_at())};
  if (told.controller.empty() || told.branch.empty() || told.device.empty()) return std::nullopt;
  return told;
}

std::optional<Fact> PresenceIn(const Event& event, const ChainId& chain) {
  PresenceTold told{chain, IdOf<DeviceId>(event.device_id()), IdOf<BranchId>(event.branch_id()),
                    event.type() == "device.online", FromTimestamp(event.occurred_at())};
  if (told.device.empty() || told.branch.empty()) return std::nullopt;
  return told;
}

std::optional<Fact> LockIn(const Event& event, const ChainId& chain) {
  const Struct& payload = event.payload();
  LockChange change;
  change.event = IdOf<EventId>(event.id());
  change.chain = chain;
  change.device = IdOf<DeviceId>(event.device_id());
  change.controller = IdIn<ControllerId>(payload, "controller_id");
  change.lock = int(WholeIn(payload, "lock", 16));
  change.closed = event.type() == "lock.closed";
  change.command = IdIn<CommandId>(payload, "command_id");
  change.item_left = ItemLeftNamed(TextIn(payload, "item_left"));
  change.item_present = FlagIn(payload, "item_present", true);
  change.occurred_at = FromTimestamp(event.occurred_at());
  change.sequence = event.sequence();
  if (change.event.empty() || change.device.empty() || change.controller.empty() ||
      change.lock == 0) {
    return std::nullopt;
  }
  return change;
}

std::optional<Fact> SnapshotIn(const Event& event, const ChainId& chain) {
  SnapshotTold snapshot{IdOf<EventId>(event.id()),
                        chain,
                        IdOf<DeviceId>(event.device_id()),
                        FromTimestamp(event.occurred_at()),
                        {}};
  const Value* boards = Find(event.payload(), "boards");
  if (boards == nullptr || snapshot.event.empty() || snapshot.device.empty()) return std::nullopt;
  for (const Value& each : boards->list_value().values()) {
    const Struct& board = each.struct_value();
    auto controller = IdIn<ControllerId>(board, "controller_id");
    if (controller.empty()) continue;
    snapshot.boards.push_back({std::move(controller), FlagIn(board, "reachable", false),
                               uint32_t(WholeIn(board, "closed_mask", 0xFFFF)),
                               uint32_t(WholeIn(board, "item_mask", 0xFFFF))});
  }
  return snapshot;
}

std::optional<Fact> CommandIn(const Event& event, const ChainId& chain) {
  auto command = IdIn<CommandId>(event.payload(), "command_id");
  if (command.empty()) return std::nullopt;
  return CommandTold{
      chain,
      std::move(command),
      {CommandStateFromName(TextIn(event.payload(), "state")), TextIn(event.payload(), "reason")}};
}

bool Starts(const std::string& type, std::string_view area) {
  return type.compare(0, area.size(), area) == 0;
}

}  // namespace

std::optional<Fact> FactIn(const Event& event) {
  const auto chain = IdOf<ChainId>(event.chain_id());
  if (chain.empty() || !event.has_occurred_at()) return std::nullopt;
  const std::string& type = event.type();
  if (type == "lock.opened" || type == "lock.closed") return LockIn(event, chain);
  if (type == "lock.snapshot") return SnapshotIn(event, chain);
  if (type == "command.settled") return CommandIn(event, chain);
  if (type == "device.online" || type == "device.offline") return PresenceIn(event, chain);
  if (Starts(type, "controller.")) return ControllerIn(event, chain);
  if (Starts(type, "branch.")) return BranchIn(event, chain);
  if (Starts(type, "chain.")) return ChainIn(event, chain);
  return std::nullopt;
}

}  // namespace cartwise::rental
