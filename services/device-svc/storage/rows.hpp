#pragma once

#include "cartwise/pg/rows.hpp"
#include "domain/command.hpp"
#include "domain/controller.hpp"
#include "domain/device.hpp"

/// Columns as every statement of this folder names them, and their readers.
namespace cartwise::device {

#define CARTWISE_DEVICE_COLUMNS                                                           \
  "d.chain_id, d.device_id, d.branch_id, d.device_name, d.mac_address, d.serial_number, " \
  "d.status, d.status_since, d.lifecycle, d.transport, d.last_heartbeat, "                \
  "d.firmware_version, d.ip_address, d.token_hash, d.token_used, d.previous_token_hash, " \
  "d.previous_token_until, d.created_at, d.updated_at"

#define CARTWISE_CONTROLLER_COLUMNS                                                       \
  "c.chain_id, c.controller_id, c.branch_id, c.device_id, c.controller_address, c.port, " \
  "c.baudrate, c.status, c.invert_hook, c.has_ir, c.pulse_ms, c.created_at, c.updated_at"

#define CARTWISE_COMMAND_COLUMNS                                                             \
  "c.chain_id, c.command_id, c.device_id, c.kind, c.arguments::text AS arguments, c.state, " \
  "c.attempts, c.issued_at, c.ttl_ms, c.stream_id, c.agent_epoch, c.seq, c.reported, "       \
  "c.result::text AS result, c.reason, c.requested_by, c.purpose, c.settled_at"

Device ReadDevice(const pg::Row& row);
Controller ReadController(const pg::Row& row);
Command ReadCommand(const pg::Row& row);

}  // namespace cartwise::device
