#include "cartwise/base/status_macros.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::device {
namespace {

namespace sql {

// Numbers go on where this epoch's left off, whatever the agent says it accepted, and also where
// one was given while this waited for the row: its command is not in sight yet.
constexpr pg::Query kOpen{"stream_open", R"sql(
    WITH older AS (
      SELECT replica_id FROM device.streams WHERE chain_id = $1 AND device_id = $2),
    opened AS (
      INSERT INTO device.streams AS s
             (chain_id, device_id, stream_id, replica_id, agent_epoch, last_seq, opened_at)
      VALUES ($1, $2, $3, $4, $5,
              greatest($6::bigint, (SELECT max(seq) FROM device.commands
                                     WHERE chain_id = $1 AND device_id = $2 AND agent_epoch = $5)),
              $7)
      ON CONFLICT ON CONSTRAINT streams_pkey DO UPDATE
         SET stream_id = excluded.stream_id, replica_id = excluded.replica_id,
             agent_epoch = excluded.agent_epoch,
             last_seq = CASE WHEN s.agent_epoch = excluded.agent_epoch
                             THEN greatest(s.last_seq, excluded.last_seq)
                             ELSE excluded.last_seq END,
             opened_at = excluded.opened_at)
    SELECT replica_id FROM older)sql"};

constexpr pg::Query kClose{"stream_close", R"sql(
    UPDATE device.streams SET stream_id = NULL, replica_id = NULL
     WHERE chain_id = $1 AND device_id = $2 AND stream_id = $3)sql"};

constexpr pg::Query kCut{"stream_cut", R"sql(
    WITH older AS (
      SELECT replica_id FROM device.streams WHERE chain_id = $1 AND device_id = $2),
    cut AS (
      UPDATE device.streams SET stream_id = NULL, replica_id = NULL
       WHERE chain_id = $1 AND device_id = $2)
    SELECT replica_id FROM older)sql"};

constexpr pg::Query kCurrent{"stream_current", R"sql(
    SELECT s.stream_id, s.replica_id, r.replica_id IS NOT NULL AS alive
      FROM device.streams s
      LEFT JOIN device.replicas r ON r.replica_id = s.replica_id AND r.leased_until > now()
     WHERE s.chain_id = $1 AND s.device_id = $2)sql"};

constexpr pg::Query kTell{"notice_tell", "SELECT pg_notify($1, $2)"};

}  // namespace sql

std::optional<ReplicaId> Holder(const pg::Rows& rows) {
  if (rows.empty() || rows.front().IsNull("replica_id")) return std::nullopt;
  return rows.front().As<ReplicaId>("replica_id");
}

}  // namespace

absl::StatusOr<std::optional<ReplicaId>> PgStore::OpenStream(const DeviceKey& device,
                                                             const NewStream& stream) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kOpen, device.chain, device.device, stream.id, stream.replica,
                              stream.agent_epoch, stream.last_seq, stream.opened_at));
  return Holder(rows);
}

absl::StatusOr<bool> PgStore::CloseStream(const DeviceKey& device, const StreamId& stream) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kClose, device.chain, device.device, stream));
  return rows.affected() > 0;
}

absl::StatusOr<std::optional<ReplicaId>> PgStore::CutStream(const DeviceKey& device) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kCut, device.chain, device.device));
  return Holder(rows);
}

absl::StatusOr<StreamId> PgStore::CurrentStream(const DeviceKey& device) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kCurrent, device.chain, device.device));
  return rows.empty() ? StreamId() : rows.front().As<StreamId>("stream_id");
}

absl::StatusOr<std::optional<ReplicaId>> PgStore::HolderOf(const DeviceKey& device) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kCurrent, device.chain, device.device));
  return Holder(rows);
}

absl::StatusOr<bool> PgStore::IsConnected(const DeviceKey& device) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kCurrent, device.chain, device.device));
  return !rows.empty() && rows.front().Bool("alive");
}

absl::Status PgStore::Tell(const ReplicaId& replica, const Notice& notice) {
  return tx_.Run(sql::kTell, ChannelOf(replica), notice.Text()).status();
}

}  // namespace cartwise::device
