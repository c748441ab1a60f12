#include <absl/strings/numbers.h>

#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"
#include "storage/pg_store.hpp"
#include "storage/rows.hpp"

namespace cartwise::device {
namespace {

namespace sql {

constexpr pg::Query kFind{"controller_find", "SELECT " CARTWISE_CONTROLLER_COLUMNS R"sql(
      FROM device.controllers c WHERE c.controller_id = $1)sql"};

constexpr pg::Query kList{"controller_list", "SELECT " CARTWISE_CONTROLLER_COLUMNS R"sql(
      FROM device.controllers c
     WHERE c.chain_id = $1 AND c.device_id = $2
       AND ($3::text IS NULL OR
            (c.port, c.controller_address, c.controller_id) > ($3, $4::integer, $5::uuid))
     ORDER BY c.port, c.controller_address, c.controller_id LIMIT $6)sql"};

constexpr pg::Query kInsert{"controller_insert", R"sql(
    INSERT INTO device.controllers
           (chain_id, controller_id, device_id, branch_id, controller_address, port, baudrate,
            status, invert_hook, has_ir, pulse_ms, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ON CONFLICT ON CONSTRAINT controllers_address_unique DO NOTHING
    RETURNING controller_id)sql"};

constexpr pg::Query kUpdate{"controller_update", R"sql(
    UPDATE device.controllers
       SET controller_address = $3, port = $4, baudrate = $5, invert_hook = $6, has_ir = $7,
           pulse_ms = $8, updated_at = $9
     WHERE chain_id = $1 AND controller_id = $2)sql"};

constexpr pg::Query kDelete{"controller_delete", R"sql(
    DELETE FROM device.controllers WHERE chain_id = $1 AND controller_id = $2)sql"};

// What never answered cannot have ceased to.
constexpr pg::Query kSetStatus{"controller_set_status", R"sql(
    WITH before AS (
      SELECT b.chain_id, b.controller_id, b.status FROM device.controllers b
       WHERE b.chain_id = $1 AND b.controller_id = $2 AND b.device_id = $3 AND b.status <> $4
         AND NOT (b.status = 'INACTIVE' AND $4 = 'ERROR')
         FOR UPDATE
    )
    UPDATE device.controllers c SET status = $4, updated_at = greatest(c.updated_at, $5) FROM before b
     WHERE c.chain_id = b.chain_id AND c.controller_id = b.controller_id
    RETURNING )sql" CARTWISE_CONTROLLER_COLUMNS};

}  // namespace sql

std::vector<Controller> ReadControllers(const pg::Rows& rows) {
  std::vector<Controller> controllers;
  for (const pg::Row row : rows) controllers.push_back(ReadController(row));
  return controllers;
}

// No device has as many boards: ten per bus, a handful of buses.
constexpr int kAll = 1000;

}  // namespace

absl::StatusOr<std::optional<Controller>> PgStore::FindController(const ControllerId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kFind, id));
  if (rows.empty()) return std::nullopt;
  return ReadController(rows.front());
}

absl::StatusOr<std::vector<Controller>> PgStore::ListControllers(const DeviceKey& device,
                                                                 const PageRequest& page) {
  std::optional<std::string> port, address, id;
  if (!page.after.empty()) {
    int number = 0;
    if (!absl::SimpleAtoi(page.after[1], &number)) return BadPageToken();
    port = page.after[0];
    address = page.after[1];
    id = page.after[2];
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kList, device.chain, device.device, port,
                                                   address, id, page.size + 1));
  return ReadControllers(rows);
}

absl::StatusOr<std::vector<Controller>> PgStore::ControllersOf(const DeviceKey& device) {
  const std::optional<std::string> none;
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kList, device.chain, device.device, none, none, none, kAll));
  return ReadControllers(rows);
}

absl::StatusOr<bool> PgStore::InsertController(const Controller& controller) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      tx_.Run(sql::kInsert, controller.chain, controller.id, controller.device, controller.branch,
              controller.address, controller.port, controller.baudrate, NameOf(controller.status),
              controller.invert_hook, controller.has_ir, controller.pulse_ms, controller.created_at,
              controller.updated_at));
  return !rows.empty();
}

absl::StatusOr<bool> PgStore::UpdateController(const Controller& controller) {
  const auto rows = tx_.Run(sql::kUpdate, controller.chain, controller.id, controller.address,
                            controller.port, controller.baudrate, controller.invert_hook,
                            controller.has_ir, controller.pulse_ms, controller.updated_at);
  if (absl::IsAlreadyExists(rows.status())) return false;
  CW_RETURN_IF_ERROR(rows.status());
  return true;
}

absl::Status PgStore::DeleteController(const Controller& controller) {
  return tx_.Run(sql::kDelete, controller.chain, controller.id).status();
}

absl::StatusOr<std::optional<Controller>> PgStore::SetControllerStatus(const DeviceKey& device,
                                                                       const ControllerId& id,
                                                                       ControllerStatus status,
                                                                       absl::Time now) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kSetStatus, device.chain, id, device.device,
                                                   NameOf(status), now));
  if (rows.empty()) return std::nullopt;
  return ReadController(rows.front());
}

}  // namespace cartwise::device
