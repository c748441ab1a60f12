#include "cartwise/base/status_macros.hpp"
#include "storage/pg_store.hpp"
#include "storage/rows.hpp"

namespace cartwise::device {
namespace {

namespace sql {

constexpr pg::Query kFind{"device_find", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(
      FROM device.devices d WHERE d.device_id = $1)sql"};

constexpr pg::Query kLock{"device_lock", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(
      FROM device.devices d WHERE d.device_id = $1 FOR UPDATE)sql"};

constexpr pg::Query kLockByMac{"device_lock_by_mac", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(
      FROM device.devices d WHERE d.mac_address = $1 AND d.lifecycle <> 'RETIRED' FOR UPDATE)sql"};

constexpr pg::Query kInsert{"device_insert", R"sql(
    INSERT INTO device.devices
           (chain_id, device_id, branch_id, device_name, mac_address, serial_number, status,
            status_since, lifecycle, transport, firmware_version, ip_address, token_hash,
            created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT (mac_address) WHERE lifecycle <> 'RETIRED' DO NOTHING
    RETURNING device_id)sql"};

// The lock in a statement of its own: the count must see what its last holder committed.
constexpr pg::Query kTakeTurns{"device_count_takes_turns", R"sql(
    SELECT pg_advisory_xact_lock(hashtextextended('device.count:' || $1, 0)))sql"};
constexpr pg::Query kCount{"device_count", R"sql(
    SELECT count(*) AS devices FROM device.devices
     WHERE chain_id = $1 AND lifecycle <> 'RETIRED')sql"};

constexpr pg::Query kUpdate{"device_update", R"sql(
    UPDATE device.devices
       SET branch_id = $3, device_name = $4, serial_number = $5, status = $6, status_since = $7,
           lifecycle = $8, transport = $9, last_heartbeat = $10, firmware_version = $11,
           ip_address = $12, token_hash = $13, token_used = $14, previous_token_hash = $15,
           previous_token_until = $16, updated_at = $17
     WHERE chain_id = $1 AND device_id = $2)sql"};

constexpr pg::Query kList{"device_list", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(
      FROM device.devices d
     WHERE ($1::uuid IS NULL OR d.branch_id = $1)
       AND ($2::uuid[] IS NULL OR d.branch_id = ANY ($2))
       AND ($3::text IS NULL OR d.status = $3)
       AND ($4::boolean OR d.lifecycle <> 'RETIRED')
       AND ($5::text IS NULL OR (d.device_name, d.device_id) > ($5, $6::uuid))
     ORDER BY d.device_name, d.device_id LIMIT $7)sql",
                          pg::Query::Plan::kPerValues};

// SKIP LOCKED: every process runs this job; nobody waits for another.
constexpr pg::Query kLockVanished{"device_lock_vanished", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(
      FROM device.devices d
      LEFT JOIN device.streams s
        ON s.chain_id = d.chain_id AND s.device_id = d.device_id AND s.stream_id IS NOT NULL
      LEFT JOIN device.replicas r ON r.replica_id = s.replica_id AND r.leased_until > now()
     WHERE d.status <> 'OFFLINE' AND r.replica_id IS NULL
       AND (s.stream_id IS NOT NULL OR d.last_heartbeat IS NULL OR d.last_heartbeat < $1)
     ORDER BY d.device_id LIMIT $2 FOR UPDATE OF d SKIP LOCKED)sql"};

}  // namespace sql

std::optional<Device> FirstDevice(const pg::Rows& rows) {
  if (rows.empty()) return std::nullopt;
  return ReadDevice(rows.front());
}

}  // namespace

absl::StatusOr<std::optional<Device>> PgStore::FindDevice(const DeviceId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kFind, id));
  return FirstDevice(rows);
}

absl::StatusOr<std::optional<Device>> PgStore::LockDevice(const DeviceId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kLock, id));
  return FirstDevice(rows);
}

absl::StatusOr<std::optional<Device>> PgStore::LockDeviceByMac(const std::string& mac) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kLockByMac, mac));
  return FirstDevice(rows);
}

absl::StatusOr<int> PgStore::HoldCount(const ChainId& chain) {
  CW_RETURN_IF_ERROR(tx_.Run(sql::kTakeTurns, chain).status());
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kCount, chain));
  return int(rows.front().Int("devices"));
}

absl::StatusOr<bool> PgStore::InsertDevice(const Device& device) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      tx_.Run(sql::kInsert, device.chain, device.id, device.branch, device.name, device.mac_address,
              device.serial_number, NameOf(device.status), device.status_since,
              NameOf(device.lifecycle), NameOf(device.transport), device.firmware_version,
              device.ip_address, device.tokens.current, device.created_at, device.updated_at));
  return !rows.empty();
}

absl::Status PgStore::UpdateDevice(const Device& device) {
  return tx_
      .Run(sql::kUpdate, device.chain, device.id, device.branch, device.name, device.serial_number,
           NameOf(device.status), device.status_since, NameOf(device.lifecycle),
           NameOf(device.transport), device.last_heartbeat, device.firmware_version,
           device.ip_address, device.tokens.current, device.tokens.current_used,
           device.tokens.previous, device.tokens.previous_until, device.updated_at)
      .status();
}

absl::StatusOr<std::vector<Device>> PgStore::ListDevices(const DeviceFilter& filter,
                                                         const PageRequest& page) {
  std::optional<std::string> status, after_name, after_id;
  if (filter.status) status = std::string(NameOf(*filter.status));
  if (!page.after.empty()) {
    after_name = page.after[0];
    after_id = page.after[1];
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kList, filter.branch, filter.visible, status,
                              filter.include_retired, after_name, after_id, page.size + 1));
  std::vector<Device> devices;
  for (const pg::Row row : rows) devices.push_back(ReadDevice(row));
  return devices;
}

absl::StatusOr<std::vector<Device>> PgStore::LockVanished(absl::Time silent_since, int most) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kLockVanished, silent_since, most));
  std::vector<Device> devices;
  for (const pg::Row row : rows) devices.push_back(ReadDevice(row));
  return devices;
}

}  // namespace cartwise::device
