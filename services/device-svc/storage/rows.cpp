#include "storage/rows.hpp"

namespace cartwise::device {

Device ReadDevice(const pg::Row& row) {
  Device device;
  device.chain = row.As<ChainId>("chain_id");
  device.id = row.As<DeviceId>("device_id");
  device.branch = row.As<BranchId>("branch_id");
  device.name = row.Text("device_name");
  device.mac_address = row.Text("mac_address");
  device.serial_number = row.Text("serial_number");
  device.status = StatusNamed(row.Text("status"));
  device.status_since = row.Time("status_since");
  device.lifecycle = LifecycleNamed(row.Text("lifecycle"));
  device.transport = TransportNamed(row.Text("transport"));
  device.last_heartbeat = row.OptTime("last_heartbeat");
  device.firmware_version = row.Text("firmware_version");
  device.ip_address = row.Text("ip_address");
  device.tokens = {row.Text("token_hash"), row.Bool("token_used"), row.Text("previous_token_hash"),
                   row.OptTime("previous_token_until")};
  device.created_at = row.Time("created_at");
  device.updated_at = row.Time("updated_at");
  return device;
}

Controller ReadController(const pg::Row& row) {
  Controller controller;
  controller.chain = row.As<ChainId>("chain_id");
  controller.id = row.As<ControllerId>("controller_id");
  controller.branch = row.As<BranchId>("branch_id");
  controller.device = row.As<DeviceId>("device_id");
  controller.address = int(row.Int("controller_address"));
  controller.port = row.Text("port");
  controller.baudrate = int(row.Int("baudrate"));
  controller.status = ControllerStatusNamed(row.Text("status"));
  controller.invert_hook = row.Bool("invert_hook");
  controller.has_ir = row.Bool("has_ir");
  controller.pulse_ms = int(row.Int("pulse_ms"));
  controller.created_at = row.Time("created_at");
  controller.updated_at = row.Time("updated_at");
  return controller;
}

Command ReadCommand(const pg::Row& row) {
  Command command;
  command.chain = row.As<ChainId>("chain_id");
  command.id = row.As<CommandId>("command_id");
  command.device = row.As<DeviceId>("device_id");
  command.kind = row.Text("kind");
  command.arguments = row.Text("arguments");
  command.state = CommandStateNamed(row.Text("state"));
  command.attempts = int(row.Int("attempts"));
  command.issued_at = row.Time("issued_at");
  command.ttl = absl::Milliseconds(row.Int("ttl_ms"));
  command.stream = row.As<StreamId>("stream_id");
  command.agent_epoch = row.Text("agent_epoch");
  command.seq = row.OptInt("seq");
  command.reported = row.Bool("reported");
  command.result = row.Text("result");
  command.reason = row.Text("reason");
  command.requested_by = row.Text("requested_by");
  command.purpose = row.Text("purpose");
  command.settled_at = row.OptTime("settled_at");
  return command;
}

}  // namespace cartwise::device
