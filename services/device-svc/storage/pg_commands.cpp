#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "storage/pg_store.hpp"
#include "storage/rows.hpp"

namespace cartwise::device {
namespace {

namespace sql {

constexpr pg::Query kFind{"command_find", "SELECT " CARTWISE_COMMAND_COLUMNS R"sql(
      FROM device.commands c WHERE c.chain_id = $1 AND c.command_id = $2)sql"};

// A platform admin does not say which chain: tried in each, by the key.
constexpr pg::Query kFindAnywhere{"command_find_anywhere", "SELECT " CARTWISE_COMMAND_COLUMNS R"sql(
      FROM (SELECT DISTINCT chain_id FROM device.devices) t, LATERAL (
           SELECT * FROM device.commands c
            WHERE c.chain_id = t.chain_id AND c.command_id = $1 LIMIT 1) c
     LIMIT 1)sql"};

// $1 chain, $2 device, $3 state, $4 $5 before, $6 limit.
#define PAGE_OF_COMMANDS(which)                                                              \
  "(SELECT c.* FROM device.commands c WHERE c.chain_id = $1 AND c.device_id = $2 AND " which \
  " AND ($3::text IS NULL OR c.state = $3)"                                                  \
  " AND ($4::timestamptz IS NULL OR (c.issued_at, c.command_id) < ($4, $5::uuid))"           \
  " ORDER BY c.issued_at DESC, c.command_id DESC LIMIT $6)"

// Those with an outcome and those without are in an index each, whose words these are.
constexpr pg::Query kList{"command_list",
                          "SELECT " CARTWISE_COMMAND_COLUMNS " FROM (" PAGE_OF_COMMANDS(
                              "c.state <> 'SENT' AND c.issued_at IS NOT NULL")                   //
                          " UNION ALL " PAGE_OF_COMMANDS("c.state = 'SENT' AND NOT c.reported")  //
                          ") c ORDER BY c.issued_at DESC, c.command_id DESC LIMIT $6",
                          pg::Query::Plan::kPerValues};

constexpr pg::Query kLockOpen{"command_lock_open", "SELECT " CARTWISE_COMMAND_COLUMNS R"sql(
      FROM device.commands c
     WHERE c.chain_id = $1 AND c.device_id = $2 AND c.state IN ('SENT', 'UNKNOWN')
       AND NOT c.reported
     ORDER BY c.command_id FOR UPDATE)sql"};

// The guard is the table of states: open ones only, and UNKNOWN again only as
// the agent's own word.
constexpr pg::Query kSettle{"command_settle", R"sql(
    UPDATE device.commands c
       SET state = $4, reason = $5, result = $6, attempts = $7, settled_at = now(),
           reported = c.reported OR ($8::boolean AND $4 = 'UNKNOWN')
     WHERE c.chain_id = $1 AND c.command_id = $2 AND c.device_id = $3
       AND (c.state = 'SENT' OR
            (c.state = 'UNKNOWN' AND ($4 <> 'UNKNOWN' OR ($8::boolean AND NOT c.reported))))
    RETURNING c.waiting_replica, )sql" CARTWISE_COMMAND_COLUMNS};

constexpr pg::Query kTombstone{"command_tombstone", R"sql(
    INSERT INTO device.commands
           (chain_id, command_id, kind, state, ttl_ms, reason, requested_by, settled_at)
    VALUES ($1, $2, '', 'DROPPED', 0, 'NEVER_ACCEPTED', $3, now())
    ON CONFLICT ON CONSTRAINT commands_pkey DO NOTHING)sql"};

}  // namespace sql

std::vector<Command> ReadCommands(const pg::Rows& rows) {
  std::vector<Command> commands;
  for (const pg::Row row : rows) commands.push_back(ReadCommand(row));
  return commands;
}

}  // namespace

absl::StatusOr<std::optional<Command>> PgStore::FindCommand(const ChainId& chain,
                                                            const CommandId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, chain.empty() ? tx_.Run(sql::kFindAnywhere, id)
                                                         : tx_.Run(sql::kFind, chain, id));
  if (rows.empty()) return std::nullopt;
  return ReadCommand(rows.front());
}

absl::StatusOr<std::vector<Command>> PgStore::ListCommands(const DeviceKey& device,
                                                           std::optional<CommandState> state,
                                                           const PageRequest& page) {
  std::optional<std::string> only, after_time, after_id;
  if (state) only = std::string(NameOf(*state));
  if (!page.after.empty()) {
    if (!ParseRfc3339(page.after[0]).ok()) return BadPageToken();
    after_time = page.after[0];
    after_id = page.after[1];
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kList, device.chain, device.device, only,
                                                   after_time, after_id, page.size + 1));
  return ReadCommands(rows);
}

absl::StatusOr<std::vector<Command>> PgStore::LockOpenCommands(const DeviceKey& device) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kLockOpen, device.chain, device.device));
  return ReadCommands(rows);
}

absl::StatusOr<std::optional<SettledCommand>> PgStore::Settle(const DeviceKey& device,
                                                              const CommandId& id,
                                                              const Outcome& outcome,
                                                              bool by_agent) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kSettle, device.chain, id, device.device, NameOf(outcome.state),
                              outcome.reason, outcome.seen, outcome.attempts, by_agent));
  if (rows.empty()) return std::nullopt;
  SettledCommand settled{ReadCommand(rows.front()), std::nullopt};
  const auto waiting = rows.front().As<ReplicaId>("waiting_replica");
  if (!waiting.empty()) settled.waiting = waiting;
  return settled;
}

absl::Status PgStore::InsertTombstone(const ChainId& chain, const CommandId& id,
                                      const std::string& requested_by) {
  return tx_.Run(sql::kTombstone, chain, id, requested_by).status();
}

}  // namespace cartwise::device
