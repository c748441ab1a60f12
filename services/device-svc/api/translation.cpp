#include "api/translation.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/struct_json.hpp"

namespace cartwise::device {

namespace pb = google::protobuf;

pb::Struct ToStruct(const std::string& json_object) {
  return rpc::ToStruct(json_object).value_or(pb::Struct());
}

absl::StatusOr<std::string> ToJson(std::string_view field, const pb::Struct& object) {
  bool exact = true;
  std::string json = rpc::ToJson(object, exact);
  if (exact) return json;
  return errors::InvalidField(
      field, "must not hold NUL characters, NaN, infinity, or numbers beyond 1e18 or within 1e-18");
}

v1::Device::Status ToProto(Status status) {
  switch (status) {
    case Status::kOffline:
      return v1::Device::OFFLINE;
    case Status::kOnline:
      return v1::Device::ONLINE;
    case Status::kError:
      return v1::Device::ERROR;
  }
  return v1::Device::STATUS_UNSPECIFIED;
}

v1::Device::Lifecycle ToProto(Lifecycle lifecycle) {
  switch (lifecycle) {
    case Lifecycle::kProvisioned:
      return v1::Device::PROVISIONED;
    case Lifecycle::kActive:
      return v1::Device::ACTIVE;
    case Lifecycle::kQuarantined:
      return v1::Device::QUARANTINED;
    case Lifecycle::kRetired:
      return v1::Device::RETIRED;
  }
  return v1::Device::LIFECYCLE_UNSPECIFIED;
}

std::optional<Status> FromProto(v1::Device::Status status) {
  switch (status) {
    case v1::Device::OFFLINE:
      return Status::kOffline;
    case v1::Device::ONLINE:
      return Status::kOnline;
    case v1::Device::ERROR:
      return Status::kError;
    default:
      return std::nullopt;
  }
}

std::optional<Lifecycle> FromProto(v1::Device::Lifecycle lifecycle) {
  switch (lifecycle) {
    case v1::Device::PROVISIONED:
      return Lifecycle::kProvisioned;
    case v1::Device::ACTIVE:
      return Lifecycle::kActive;
    case v1::Device::QUARANTINED:
      return Lifecycle::kQuarantined;
    case v1::Device::RETIRED:
      return Lifecycle::kRetired;
    default:
      return std::nullopt;
  }
}

std::optional<CommandState> FromProto(v1::Command::State state) {
  switch (state) {
    case v1::Command::SENT:
      return CommandState::kSent;
    case v1::Command::SUCCEEDED:
      return CommandState::kSucceeded;
    case v1::Command::FAILED:
      return CommandState::kFailed;
    case v1::Command::DROPPED:
      return CommandState::kDropped;
    case v1::Command::REJECTED:
      return CommandState::kRejected;
    case v1::Command::UNKNOWN:
      return CommandState::kUnknown;
    default:
      return std::nullopt;
  }
}

v1::Device ToProto(const Device& device) {
  v1::Device out;
  out.set_id(device.id.value());
  out.set_chain_id(device.chain.value());
  out.set_branch_id(device.branch.value());
  out.set_device_name(device.name);
  out.set_mac_address(device.mac_address);
  out.set_serial_number(device.serial_number);
  out.set_status(ToProto(device.status));
  out.set_lifecycle(ToProto(device.lifecycle));
  out.set_transport(device.transport == Transport::kMqtt ? v1::Device::MQTT : v1::Device::STREAM);
  if (device.last_heartbeat) *out.mutable_last_heartbeat() = ToTimestamp(*device.last_heartbeat);
  out.set_firmware_version(device.firmware_version);
  out.set_ip_address(device.ip_address);
  *out.mutable_created_at() = ToTimestamp(device.created_at);
  *out.mutable_updated_at() = ToTimestamp(device.updated_at);
  return out;
}

v1::Controller ToProto(const Controller& controller) {
  v1::Controller out;
  out.set_id(controller.id.value());
  out.set_chain_id(controller.chain.value());
  out.set_branch_id(controller.branch.value());
  out.set_device_id(controller.device.value());
  out.set_controller_address(controller.address);
  out.set_port(controller.port);
  out.set_baudrate(controller.baudrate);
  switch (controller.status) {
    case ControllerStatus::kInactive:
      out.set_status(v1::Controller::INACTIVE);
      break;
    case ControllerStatus::kActive:
      out.set_status(v1::Controller::ACTIVE);
      break;
    case ControllerStatus::kError:
      out.set_status(v1::Controller::ERROR);
      break;
  }
  out.set_invert_hook(controller.invert_hook);
  out.set_has_ir(controller.has_ir);
  out.set_pulse_ms(controller.pulse_ms);
  *out.mutable_created_at() = ToTimestamp(controller.created_at);
  *out.mutable_updated_at() = ToTimestamp(controller.updated_at);
  return out;
}

v1::Command ToProto(const Command& command) {
  v1::Command out;
  out.set_id(command.id.value());
  out.set_chain_id(command.chain.value());
  out.set_device_id(command.device.value());
  out.set_kind(command.kind);
  *out.mutable_arguments() = ToStruct(command.arguments);
  out.set_state(v1::Command::State(int(command.state) + 1));
  out.set_attempts(command.attempts);
  *out.mutable_issued_at() = ToTimestamp(command.issued_at);
  out.set_ttl_ms(int32_t(absl::ToInt64Milliseconds(command.ttl)));
  *out.mutable_result() = ToStruct(command.result);
  if (!command.reason.empty()) {
    (*out.mutable_result()->mutable_fields())["reason"].set_string_value(command.reason);
  }
  out.set_reason(command.reason);
  out.set_requested_by(command.requested_by);
  out.set_purpose(command.purpose);
  if (command.settled_at) *out.mutable_settled_at() = ToTimestamp(*command.settled_at);
  return out;
}

static_assert(int(CommandState::kSent) + 1 == v1::Command::SENT);
static_assert(int(CommandState::kUnknown) + 1 == v1::Command::UNKNOWN);

}  // namespace cartwise::device
