#include "storage/pg_command_log.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/notice.hpp"
#include "storage/rows.hpp"

namespace cartwise::device {
namespace {

namespace sql {

// The lock of the stream's row puts the numbers in order, and no row
// means that the stream does not count any more.
constexpr pg::Query kBegin{"command_begin", R"sql(
    WITH stream AS (
      UPDATE device.streams s SET last_seq = s.last_seq + 1
       WHERE s.chain_id = $1 AND s.device_id = $2 AND s.stream_id = $3
         AND NOT EXISTS (SELECT FROM device.commands c WHERE c.chain_id = $1 AND c.command_id = $4)
      RETURNING s.last_seq, s.agent_epoch)
    INSERT INTO device.commands
           (chain_id, device_id, stream_id, command_id, kind, arguments, state, ttl_ms,
            agent_epoch, seq, requested_by, purpose)
    SELECT $1, $2, $3, $4, $5, $6, 'SENT', $7, stream.agent_epoch, stream.last_seq, $8, $9 FROM stream
    ON CONFLICT ON CONSTRAINT commands_pkey DO NOTHING
    RETURNING seq, issued_at)sql"};

constexpr pg::Query kRoute{"command_route", "SELECT " CARTWISE_DEVICE_COLUMNS R"sql(,
           s.stream_id, r.replica_id
      FROM device.devices d
      LEFT JOIN (device.streams s
                 JOIN device.replicas r ON r.replica_id = s.replica_id AND r.leased_until > now())
        ON s.chain_id = d.chain_id AND s.device_id = d.device_id
     WHERE d.chain_id = $1 AND d.device_id = $2)sql"};

// FOR SHARE: the stream cannot be replaced between this look and this commit.
constexpr pg::Query kHandOver{"command_hand_over", R"sql(
    WITH stream AS (
      SELECT s.agent_epoch FROM device.streams s
       WHERE s.chain_id = $1 AND s.device_id = $2 AND s.stream_id = $3
         FOR SHARE),
    fresh AS (
      INSERT INTO device.commands
             (chain_id, device_id, stream_id, command_id, kind, arguments, state, ttl_ms,
              agent_epoch, requested_by, purpose, waiting_replica, issued_at)
      SELECT $1, $2, $3, $4, $5, $6, 'SENT', $7, stream.agent_epoch, $8, $9, $10,
             now() - $13::integer * interval '1 millisecond' FROM stream
      ON CONFLICT ON CONSTRAINT commands_pkey DO NOTHING
      RETURNING command_id)
    SELECT pg_notify($11, $12) FROM fresh)sql"};

// num_nulls: a condition on seq itself would be taken for a way into the index of numbers.
constexpr pg::Query kTakeOver{"command_take_over", R"sql(
    WITH stream AS (
      UPDATE device.streams s SET last_seq = s.last_seq + 1
        FROM device.commands c
       WHERE c.chain_id = $1 AND c.command_id = $2 AND c.state = 'SENT' AND num_nulls(c.seq) = 1
         AND s.chain_id = c.chain_id AND s.device_id = c.device_id AND s.stream_id = c.stream_id
      RETURNING s.last_seq)
    UPDATE device.commands c SET seq = stream.last_seq FROM stream
     WHERE c.chain_id = $1 AND c.command_id = $2 AND c.state = 'SENT' AND num_nulls(c.seq) = 1
    RETURNING extract(epoch FROM clock_timestamp() - c.issued_at)::float8 AS age, )sql" CARTWISE_COMMAND_COLUMNS};

constexpr pg::Query kNotTakenOver{"command_not_taken_over", "SELECT " CARTWISE_COMMAND_COLUMNS
                                                            R"sql(
      FROM device.streams s
      JOIN device.commands c
        ON c.chain_id = s.chain_id AND c.device_id = s.device_id AND c.stream_id = s.stream_id
       AND c.state = 'SENT' AND c.seq IS NULL
     WHERE s.replica_id = $1)sql"};

constexpr pg::Query kFind{"command_log_find", "SELECT " CARTWISE_COMMAND_COLUMNS R"sql(
      FROM device.commands c WHERE c.chain_id = $1 AND c.command_id = $2)sql"};

constexpr pg::Query kSettleForWaiter{"command_settle_for_waiter", R"sql(
    UPDATE device.commands
       SET state = $4, reason = $5, result = $6, attempts = $7, settled_at = now(),
           reported = ($4 = 'UNKNOWN')
     WHERE chain_id = $1 AND command_id = $2 AND device_id = $3
       AND state = 'SENT' AND waiting_replica IS NULL)sql"};

constexpr pg::Query kGiveUp{"command_give_up", R"sql(
    UPDATE device.commands
       SET state = CASE WHEN seq IS NULL THEN 'DROPPED' ELSE 'UNKNOWN' END,
           reason = CASE WHEN seq IS NULL THEN 'NEVER_SENT' ELSE $3 END, settled_at = now()
     WHERE chain_id = $1 AND command_id = $2 AND state = 'SENT'
    RETURNING state)sql"};

constexpr pg::Query kGiveUpAbandoned{"command_give_up_abandoned", R"sql(
    UPDATE device.commands SET state = 'UNKNOWN', reason = 'NO_WORD', settled_at = now()
     WHERE state = 'SENT' AND NOT reported  -- as the index says
       AND issued_at + (ttl_ms + $1::bigint) * interval '1 millisecond' < now())sql"};

}  // namespace sql

pg::Tenant Of(const ChainId& chain) {
  return pg::Tenant::Of(chain);
}

int Milliseconds(absl::Duration duration) {
  return int(absl::ToInt64Milliseconds(duration));
}

}  // namespace

absl::StatusOr<std::optional<Begun>> PgCommandLog::Begin(const NewCommand& command,
                                                         const StreamId& stream,
                                                         absl::Time deadline,
                                                         absl::FunctionRef<void()> meanwhile) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      pool_.OnceWhile(meanwhile, Of(command.chain), deadline, sql::kBegin, command.chain,
                      command.device, stream, command.id, command.kind, command.arguments,
                      Milliseconds(command.ttl), command.requested_by, command.purpose));
  if (rows.empty()) return std::nullopt;
  return Begun{rows.front().Int("seq"), rows.front().Time("issued_at")};
}

absl::StatusOr<Route> PgCommandLog::FindRoute(const DeviceKey& device, absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, pool_.Once(Of(device.chain), deadline, sql::kRoute,
                                                      device.chain, device.device));
  if (rows.empty()) return Route{};
  return Route{ReadDevice(rows.front()), rows.front().As<StreamId>("stream_id"),
               rows.front().As<ReplicaId>("replica_id")};
}

absl::StatusOr<bool> PgCommandLog::HandOver(const NewCommand& command, const StreamId& stream,
                                            const ReplicaId& from, const ReplicaId& to,
                                            absl::Duration age, absl::Time deadline) {
  const Notice order{Notice::Kind::kOrder, command.chain, command.id.value()};
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      pool_.Once(Of(command.chain), deadline, sql::kHandOver, command.chain, command.device, stream,
                 command.id, command.kind, command.arguments, Milliseconds(command.ttl),
                 command.requested_by, command.purpose, from, ChannelOf(to), order.Text(),
                 Milliseconds(age)));
  return !rows.empty();
}

absl::StatusOr<std::optional<TakenOver>> PgCommandLog::TakeOver(const ChainId& chain,
                                                                const CommandId& id,
                                                                absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(Of(chain), deadline, sql::kTakeOver, chain, id));
  if (rows.empty()) return std::nullopt;
  return TakenOver{ReadCommand(rows.front()), absl::Seconds(rows.front().Double("age"))};
}

absl::StatusOr<std::vector<Command>> PgCommandLog::NotTakenOver(const ReplicaId& replica,
                                                                absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(pg::Tenant::Platform(), deadline, sql::kNotTakenOver, replica));
  std::vector<Command> commands;
  for (const pg::Row row : rows) commands.push_back(ReadCommand(row));
  return commands;
}

absl::StatusOr<std::optional<Command>> PgCommandLog::Find(const ChainId& chain, const CommandId& id,
                                                          absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, pool_.Once(Of(chain), deadline, sql::kFind, chain, id));
  if (rows.empty()) return std::nullopt;
  return ReadCommand(rows.front());
}

absl::StatusOr<bool> PgCommandLog::SettleForWaiter(const DeviceKey& device, const CommandId& id,
                                                   const Outcome& outcome, absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      pool_.Once(Of(device.chain), deadline, sql::kSettleForWaiter, device.chain, id, device.device,
                 NameOf(outcome.state), outcome.reason, outcome.seen, outcome.attempts));
  return rows.affected() > 0;
}

absl::StatusOr<bool> PgCommandLog::GiveUp(const ChainId& chain, const CommandId& id,
                                          const std::string& reason, absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(Of(chain), deadline, sql::kGiveUp, chain, id, reason));
  return !rows.empty() && rows.front().Text("state") == NameOf(CommandState::kUnknown);
}

absl::StatusOr<int> PgCommandLog::GiveUpAbandoned(absl::Duration allowance, absl::Time deadline) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.Once(pg::Tenant::Platform(), deadline, sql::kGiveUpAbandoned,
                                 int64_t{Milliseconds(allowance)}));
  return rows.affected();
}

}  // namespace cartwise::device
