#include "storage/pg_presence_log.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kOwnTime = absl::Seconds(5);

namespace sql {

constexpr pg::Query kStoreBeats{"presence_store_beats", R"sql(
    UPDATE device.devices d SET last_heartbeat = b.at
      FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS b (chain_id, device_id, at)
     WHERE d.chain_id = b.chain_id AND d.device_id = b.device_id
       AND (d.last_heartbeat IS NULL OR d.last_heartbeat < b.at))sql"};

constexpr pg::Query kRenew{"presence_renew_lease", R"sql(
    WITH gone AS (
      DELETE FROM device.replicas r
       WHERE r.leased_until < now() - interval '1 day'
         AND (SELECT s.replica_id FROM device.streams s
               WHERE s.replica_id = r.replica_id LIMIT 1) IS NULL)
    INSERT INTO device.replicas (replica_id, leased_until)
    VALUES ($1, now() + $2::bigint * interval '1 millisecond')
    ON CONFLICT ON CONSTRAINT replicas_pkey DO UPDATE SET leased_until = excluded.leased_until)sql"};

constexpr pg::Query kHeldBy{"presence_held_by", R"sql(
    SELECT chain_id, device_id, stream_id, opened_at FROM device.streams
     WHERE replica_id = $1)sql"};

}  // namespace sql

}  // namespace

absl::Status PgPresenceLog::StoreBeats(const std::vector<Beat>& beats) {
  std::vector<ChainId> chains;
  std::vector<DeviceId> devices;
  std::vector<std::string> times;
  for (const Beat& beat : beats) {
    chains.push_back(beat.device.chain);
    devices.push_back(beat.device.device);
    times.push_back(ToRfc3339(beat.at));
  }
  return pool_
      .Once(pg::Tenant::Platform(), clock_.Now() + kOwnTime, sql::kStoreBeats, chains, devices,
            times)
      .status();
}

absl::Status PgPresenceLog::RenewLease(const ReplicaId& self, absl::Duration lease) {
  return pool_
      .Once(pg::Tenant::Platform(), clock_.Now() + kOwnTime, sql::kRenew, self,
            absl::ToInt64Milliseconds(lease))
      .status();
}

absl::StatusOr<std::vector<HeldStream>> PgPresenceLog::HeldBy(const ReplicaId& self) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, pool_.Once(pg::Tenant::Platform(),
                                                      clock_.Now() + kOwnTime, sql::kHeldBy, self));
  std::vector<HeldStream> held;
  for (const pg::Row row : rows) {
    held.push_back({{row.As<ChainId>("chain_id"), row.As<DeviceId>("device_id")},
                    row.As<StreamId>("stream_id"),
                    row.Time("opened_at")});
  }
  return held;
}

}  // namespace cartwise::device
