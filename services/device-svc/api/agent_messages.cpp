#include "api/agent_messages.hpp"

#include <algorithm>
#include <cmath>

#include "api/agent_event.hpp"
#include "api/translation.hpp"
#include "domain/presence.hpp"

namespace cartwise::device {
namespace {

v1::Configuration ToProto(const std::vector<Controller>& controllers) {
  v1::Configuration configuration;
  for (const Controller& controller : controllers) {
    auto& board = *configuration.add_boards();
    board.set_controller_id(controller.id.value());
    board.set_address(controller.address);
    board.set_port(controller.port);
    board.set_baudrate(controller.baudrate);
    board.set_invert_hook(controller.invert_hook);
    board.set_has_ir(controller.has_ir);
    board.set_pulse_ms(controller.pulse_ms);
  }
  return configuration;
}

CommandState FromProto(v1::CommandResult::Outcome outcome) {
  switch (outcome) {
    case v1::CommandResult::SUCCEEDED:
      return CommandState::kSucceeded;
    case v1::CommandResult::FAILED:
      return CommandState::kFailed;
    case v1::CommandResult::DROPPED:
      return CommandState::kDropped;
    case v1::CommandResult::REJECTED:
      return CommandState::kRejected;
    default:
      return CommandState::kUnknown;
  }
}

// How many times the device acted, as its area tells.
int AttemptsIn(const google::protobuf::Struct& seen) {
  const auto pulses = seen.fields().find("pulses");
  if (pulses == seen.fields().end()) return 0;
  const double number = pulses->second.number_value();
  return std::isfinite(number) ? int(std::clamp(number, 0.0, 1000.0)) : 0;
}

bool IsReason(const std::string& reason) {
  return reason.size() <= 64 && std::all_of(reason.begin(), reason.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

}  // namespace

v1::ControlResponse WelcomeTo(const DeviceId& device, const std::vector<Controller>& controllers) {
  v1::ControlResponse message;
  auto& welcome = *message.mutable_welcome();
  welcome.set_device_id(device.value());
  welcome.set_heartbeat_interval_ms(int32_t(absl::ToInt64Milliseconds(kStreamHeartbeat)));
  *welcome.mutable_configuration() = ToProto(controllers);
  return message;
}

v1::ControlResponse Configured(const std::vector<Controller>& controllers) {
  v1::ControlResponse message;
  *message.mutable_configuration() = ToProto(controllers);
  return message;
}

v1::ControlResponse EventsCommitted(int64_t journal_seq) {
  v1::ControlResponse message;
  message.set_events_committed(journal_seq);
  return message;
}

v1::ControlResponse ResultCommitted(const CommandId& command) {
  v1::ControlResponse message;
  message.set_result_committed(command.value());
  return message;
}

v1::ControlResponse Signed(const Order& order, const auth::SigningKey& key) {
  v1::Order out;
  out.set_command_id(order.command.value());
  out.set_device_id(order.device.device.value());
  out.set_chain_id(order.device.chain.value());
  out.set_agent_epoch(order.agent_epoch);
  out.set_seq(order.seq);
  out.set_not_after_ms(order.not_after_ms);
  out.set_kind(order.kind);
  *out.mutable_arguments() = ToStruct(order.arguments);
  v1::ControlResponse message;
  auto& proven = *message.mutable_order();
  proven.set_order(out.SerializeAsString());
  proven.set_signature(key.Sign(proven.order()));
  proven.set_key_id(key.id());
  return message;
}

Outcome OutcomeOf(const v1::CommandResult& result) {
  Outcome outcome;
  outcome.state = FromProto(result.outcome());
  outcome.reason = IsReason(result.reason()) ? result.reason() : "UNREADABLE";
  if (result.seen().ByteSizeLong() <= kMostPayload) {
    outcome.seen = ToJson("seen", result.seen()).value_or("{}");
  }
  outcome.attempts = AttemptsIn(result.seen());
  return outcome;
}

}  // namespace cartwise::device
