#include "linux/translate.hpp"

namespace cartwise::edge {
namespace {

namespace pb = google::protobuf;
namespace v1 = device::v1;

template <typename... Handlers>
struct Overloaded : Handlers... {
  using Handlers::operator()...;
};
template <typename... Handlers>
Overloaded(Handlers...) -> Overloaded<Handlers...>;

pb::Value ToPb(const Value& value) {
  pb::Value out;
  std::visit(Overloaded{
                 [&](std::monostate) { out.set_null_value(pb::NULL_VALUE); },
                 [&](bool flag) { out.set_bool_value(flag); },
                 [&](double number) { out.set_number_value(number); },
                 [&](const std::string& text) { out.set_string_value(text); },
                 [&](const Value::List& items) {
                   auto* const list = out.mutable_list_value();
                   for (const Value& item : items) *list->add_values() = ToPb(item);
                 },
                 [&](const Value::Object&) { *out.mutable_struct_value() = ToStruct(value); },
             },
             value.data());
  return out;
}

Value FromPb(const pb::Value& value) {
  switch (value.kind_case()) {
    case pb::Value::kBoolValue:
      return value.bool_value();
    case pb::Value::kNumberValue:
      return value.number_value();
    case pb::Value::kStringValue:
      return value.string_value();
    case pb::Value::kListValue: {
      Value::List list;
      for (const pb::Value& item : value.list_value().values()) list.push_back(FromPb(item));
      return list;
    }
    case pb::Value::kStructValue:
      return FromStruct(value.struct_value());
    case pb::Value::kNullValue:
    case pb::Value::KIND_NOT_SET:
      break;
  }
  return {};
}

void SetTime(absl::Time time, pb::Timestamp& out) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000, rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(rest * 1000));
}

v1::CommandResult::Outcome ToProto(Outcome outcome) {
  switch (outcome) {
    case Outcome::kSucceeded:
      return v1::CommandResult::SUCCEEDED;
    case Outcome::kFailed:
      return v1::CommandResult::FAILED;
    case Outcome::kDropped:
      return v1::CommandResult::DROPPED;
    case Outcome::kRejected:
      return v1::CommandResult::REJECTED;
    case Outcome::kUnknown:
      break;
  }
  return v1::CommandResult::UNKNOWN;
}

void Fill(const CommandResult& result, v1::CommandResult& out) {
  out.set_command_id(result.id.value());
  out.set_outcome(ToProto(result.outcome));
  out.set_reason(result.reason);
  *out.mutable_seen() = ToStruct(result.seen);
  out.set_pulsed_at_ms(result.pulsed_at_ms);
}

void Fill(const AgentEvent& event, v1::AgentEvent& out) {
  out.set_event_id(event.id.value());
  out.set_journal_seq(event.seq);
  out.set_type(event.type);
  out.set_subject(event.subject);
  *out.mutable_payload() = ToStruct(event.payload);
  SetTime(event.occurred_at, *out.mutable_occurred_at());
  out.set_boot_clock_ms(absl::ToInt64Milliseconds(event.boot_clock));
  out.set_agent_epoch(event.agent_epoch);
}

}  // namespace

pb::Struct ToStruct(const Value& object) {
  pb::Struct out;
  if (const auto* members = std::get_if<Value::Object>(&object.data())) {
    for (const Value::Member& member : *members) {
      (*out.mutable_fields())[member.name] = ToPb(member.value);
    }
  }
  return out;
}

Value FromStruct(const pb::Struct& object) {
  Value::Object members;
  for (const auto& [name, value] : object.fields()) members.push_back({name, FromPb(value)});
  return members;
}

v1::ControlRequest ToProto(const Outgoing& message) {
  v1::ControlRequest out;
  std::visit(Overloaded{
                 [&](const Heartbeat& beat) {
                   out.mutable_heartbeat()->set_boot_clock_ms(beat.boot_clock_ms);
                 },
                 [&](const CommandResult& result) { Fill(result, *out.mutable_result()); },
                 [&](const AgentEvent& event) { Fill(event, *out.mutable_event()); },
                 [&](const CaughtUp&) { out.mutable_caught_up(); },
                 [&](const Proving& proving) {
                   out.mutable_proving()->set_command_id(proving.id.value());
                 },
             },
             message);
  return out;
}

v1::TelemetryEvent ToProto(const Measurement& measurement) {
  v1::TelemetryEvent out;
  out.set_event_id(measurement.id.value());
  out.set_event_type(measurement.type);
  *out.mutable_event_data() = ToStruct(measurement.data);
  SetTime(measurement.occurred_at, *out.mutable_occurred_at());
  return out;
}

absl::StatusOr<SignedOrder> FromProto(const v1::SignedOrder& order) {
  v1::Order inner;
  if (!inner.ParseFromString(order.order())) {
    return absl::InvalidArgumentError("an order cannot be read");
  }
  SignedOrder out{.bytes = order.order(), .signature = order.signature(), .key_id = order.key_id()};
  out.order.id = CommandId(inner.command_id());
  out.order.device = DeviceId(inner.device_id());
  out.order.chain = ChainId(inner.chain_id());
  out.order.agent_epoch = inner.agent_epoch();
  out.order.seq = inner.seq();
  out.order.not_after = absl::Milliseconds(inner.not_after_ms());
  out.order.kind = inner.kind();
  out.order.arguments = FromStruct(inner.arguments());
  return out;
}

VouchedOrderKeys FromProto(const v1::SignedOrderKeys& order_keys) {
  VouchedOrderKeys out{.bytes = order_keys.order_keys(), .pems = {}, .signatures = {}};
  v1::OrderKeys inner;
  if (inner.ParseFromString(out.bytes)) out.pems = {inner.keys().begin(), inner.keys().end()};
  for (const auto& each : order_keys.signatures()) out.signatures[each.key_id()] = each.signature();
  return out;
}

std::vector<BoardConfig> FromProto(const v1::Configuration& configuration) {
  std::vector<BoardConfig> boards;
  for (const auto& board : configuration.boards()) {
    boards.push_back({.id = ControllerId(board.controller_id()),
                      .address = board.address(),
                      .port = board.port(),
                      .baudrate = board.baudrate(),
                      .invert_hook = board.invert_hook(),
                      .has_ir = board.has_ir(),
                      .pulse_ms = board.pulse_ms()});
  }
  return boards;
}

}  // namespace cartwise::edge
