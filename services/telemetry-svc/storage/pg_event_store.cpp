#include "storage/pg_event_store.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/once.hpp"
#include "domain/reasons.hpp"
#include "storage/array.hpp"

namespace cartwise::telemetry {
namespace {

constexpr int kDaysAhead = 3;
constexpr char kNoDevice[] = "00000000-0000-0000-0000-000000000000";
constexpr char kLastId[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";

// Why a device with a token of this time may not speak, as device-svc decides it; NULL when it
// may, or when the caller is no device. A token that staff replaced is void, one that its device
// replaced works for ten more minutes. Tokens tell their time in whole seconds, and the event of a
// new one follows it: hence the five seconds.
#define CW_REFUSAL(device, issued_at)                                                           \
  "(SELECT CASE WHEN lifecycle = 'RETIRED'"                                                     \
  "               OR token_voided_at - interval '5 seconds' > " issued_at                       \
  "               OR (token_replaced_at - interval '5 seconds' > " issued_at                    \
  "                   AND now() >= token_replaced_at + interval '10 minutes') THEN 'BAD_TOKEN'" \
  "             WHEN lifecycle = 'QUARANTINED' THEN 'DEVICE_QUARANTINED' END"                   \
  "   FROM telemetry.device_standings"                                                          \
  "  WHERE chain_id = $1::uuid AND device_id = " device " AND " issued_at " IS NOT NULL)"

// Times travel as microseconds: half the text of a timestamp, and quicker to read.
//
// An event whose time may change is stored by the statement that claims its id: one that brings the
// same at the same moment waits for it.
constexpr pg::Query kAddOfDevice{"telemetry_add_of_device", R"sql(
  WITH speaker AS (SELECT )sql" CW_REFUSAL("$3::uuid", "$9::timestamptz") R"sql( AS refusal),
  place AS (
    SELECT coalesce($2::uuid, (SELECT branch_id FROM telemetry.device_places
                                WHERE chain_id = $1::uuid AND device_id = $3::uuid)) AS branch_id),
  told AS (
    INSERT INTO telemetry.device_places (chain_id, device_id, branch_id)
    SELECT $1::uuid, $3::uuid, $2::uuid
     WHERE $2::uuid IS NOT NULL
       AND NOT EXISTS (SELECT FROM telemetry.device_places
                        WHERE chain_id = $1::uuid AND device_id = $3::uuid AND branch_id = $2::uuid)
    ON CONFLICT (chain_id, device_id) DO UPDATE SET branch_id = excluded.branch_id),
  fresh AS (
    INSERT INTO telemetry.seen_events (chain_id, device_id, event_id)
    SELECT $1::uuid, $3::uuid, e.id FROM unnest($4::uuid[], $8::bool[]) AS e (id, time_may_change)
     WHERE e.time_may_change AND (SELECT refusal FROM speaker) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING event_id),
  stored AS (
    INSERT INTO telemetry.events
           (chain_id, branch_id, device_id, event_id, event_type, event_data, occurred_at)
    SELECT $1::uuid, place.branch_id, $3::uuid, e.id, e.type, e.data,
           timestamptz 'epoch' + e.at * interval '1 microsecond'
      FROM place,
           unnest($4::uuid[], $5::text[], $6::jsonb[], $7::bigint[], $8::bool[])
             AS e (id, type, data, at, time_may_change)
     WHERE (SELECT refusal FROM speaker) IS NULL
       AND (NOT e.time_may_change OR e.id IN (SELECT event_id FROM fresh))
    ON CONFLICT DO NOTHING
    RETURNING true)
  SELECT refusal, (SELECT count(*) FROM stored) AS stored FROM speaker)sql"};

constexpr pg::Query kAdd{"telemetry_add", R"sql(
  WITH batch AS (
    SELECT chain, branch, coalesce(device, '00000000-0000-0000-0000-000000000000'::uuid) AS device,
           id, type, data, timestamptz 'epoch' + at * interval '1 microsecond' AS at,
           time_may_change, lifecycle, token
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::jsonb[],
                  $7::bigint[], $8::bool[], $9::text[], $10::text[])
        AS e (chain, branch, device, id, type, data, at, time_may_change, lifecycle, token)),
  told AS (
    INSERT INTO telemetry.device_places (chain_id, device_id, branch_id)
    SELECT DISTINCT ON (chain, device) chain, device, branch
      FROM batch
     WHERE branch IS NOT NULL AND device <> '00000000-0000-0000-0000-000000000000'
       AND NOT EXISTS (SELECT FROM telemetry.device_places p
                        WHERE p.chain_id = chain AND p.device_id = device AND p.branch_id = branch)
     ORDER BY chain, device, at DESC
    ON CONFLICT (chain_id, device_id) DO UPDATE SET branch_id = excluded.branch_id),
  standings AS (
    INSERT INTO telemetry.device_standings AS s
           (chain_id, device_id, lifecycle, told_at, token_replaced_at, token_voided_at)
    SELECT chain, device, (array_agg(lifecycle ORDER BY at DESC))[1], max(at),
           max(at) FILTER (WHERE token = 'REPLACED'), max(at) FILTER (WHERE token = 'VOIDED')
      FROM batch
     WHERE lifecycle IS NOT NULL
     GROUP BY chain, device
     ORDER BY chain, device
    ON CONFLICT (chain_id, device_id) DO UPDATE
       SET lifecycle = CASE WHEN excluded.told_at >= s.told_at THEN excluded.lifecycle
                            ELSE s.lifecycle END,
           told_at = greatest(s.told_at, excluded.told_at),
           token_replaced_at = greatest(s.token_replaced_at, excluded.token_replaced_at),
           token_voided_at = greatest(s.token_voided_at, excluded.token_voided_at)),
  fresh AS (
    INSERT INTO telemetry.seen_events (chain_id, device_id, event_id)
    SELECT chain, device, id FROM batch WHERE time_may_change
    ON CONFLICT DO NOTHING
    RETURNING chain_id, device_id, event_id)
  INSERT INTO telemetry.events
         (chain_id, branch_id, device_id, event_id, event_type, event_data, occurred_at)
  SELECT chain, branch, device, id, type, data, at FROM batch
   WHERE NOT time_may_change
      OR (chain, device, id) IN (SELECT chain_id, device_id, event_id FROM fresh)
  ON CONFLICT DO NOTHING)sql"};

// One statement per subject, so that each has its own index and plan. A platform
// admin names no chain: the places tell whose the subject is.
//
// Behind row security an index serves only conditions that cannot leak: hence
// the chain as a scalar sub-select (a bare coalesce counts as leaky), and for a
// whole type the equality beside the range (text's = cannot leak, its < can).
#define CW_TELEMETRY_LIST(chain, subject, type)                                            \
  "SELECT chain_id, branch_id, device_id, event_id, event_type, event_data, occurred_at, " \
  "       received_at "                                                                    \
  "  FROM telemetry.events "                                                               \
  " WHERE chain_id = " chain " AND " subject                                               \
  "   AND ($3::uuid[] IS NULL OR branch_id = ANY ($3::uuid[]))"                            \
  "   AND event_type >= $4 AND event_type < $5" type                                       \
  "   AND occurred_at >= $6::timestamptz AND occurred_at < $7::timestamptz"                \
  "   AND (occurred_at, event_id) < ($8::timestamptz, $9::uuid)"                           \
  " ORDER BY occurred_at DESC, event_id DESC LIMIT $10::int"
#define CW_CHAIN_OF(column)                                                   \
  "(SELECT coalesce($1::uuid, (SELECT chain_id FROM telemetry.device_places " \
  "WHERE " column " = $2::uuid LIMIT 1)))"
#define CW_ONE_TYPE " AND event_type = $4"
// A device may list itself: one row at least, which tells whether it may.
#define CW_OWN "refusal IS NULL AND device_id = $2::uuid"
#define CW_LIST_OF_DEVICE(type) \
  "SELECT refusal, chain_id, branch_id, device_id, event_id, event_type, event_data, "    \
  "       occurred_at, received_at "                                                      \
  "  FROM (SELECT " CW_REFUSAL("$2::uuid", "$11::timestamptz") " AS refusal) AS speaker " \
  "  LEFT JOIN LATERAL (" CW_TELEMETRY_LIST(CW_CHAIN_OF("device_id"), CW_OWN, type) ") "  \
  "       AS listed ON true "                                                             \
  " ORDER BY occurred_at DESC, event_id DESC"

// [0] for types that begin with, [1] for one type.
constexpr auto kPerValues = pg::Query::Plan::kPerValues;
constexpr pg::Query kListDevice[] = {
    {"telemetry_list_device", CW_LIST_OF_DEVICE(""), kPerValues},
    {"telemetry_list_device_type", CW_LIST_OF_DEVICE(CW_ONE_TYPE), kPerValues}};
constexpr pg::Query kListBranch[] = {
    {"telemetry_list_branch",
     CW_TELEMETRY_LIST(CW_CHAIN_OF("branch_id"), "branch_id = $2::uuid", ""), kPerValues},
    {"telemetry_list_branch_type",
     CW_TELEMETRY_LIST(CW_CHAIN_OF("branch_id"), "branch_id = $2::uuid", CW_ONE_TYPE), kPerValues}};
constexpr pg::Query kListChain[] = {
    {"telemetry_list_chain", CW_TELEMETRY_LIST("$1::uuid", "$2::uuid IS NULL", ""), kPerValues},
    {"telemetry_list_chain_type", CW_TELEMETRY_LIST("$1::uuid", "$2::uuid IS NULL", CW_ONE_TYPE),
     kPerValues}};
#undef CW_TELEMETRY_LIST
#undef CW_CHAIN_OF
#undef CW_ONE_TYPE
#undef CW_LIST_OF_DEVICE
#undef CW_OWN
#undef CW_REFUSAL

// In byte order every character of a type lies between these two.
constexpr char kBelowTypes = ' ';
constexpr char kAboveTypes = '~';

constexpr pg::Query kTurnDays{"telemetry_turn_days", R"sql(
  SELECT telemetry.ensure_partitions($1::int) AS made,
         telemetry.drop_partitions($2::int) AS dropped)sql"};

// After the days, apart from the lock that dropping one takes: an id outlives the row of its event,
// which stands in no later day than the id was seen. The limit keeps a turn short; the next one
// goes on. $1 days kept, $2 most.
constexpr pg::Query kForget{"telemetry_forget", R"sql(
  WITH keys AS (
    DELETE FROM telemetry.idempotency_keys WHERE created_at < now() - interval '1 day')
  DELETE FROM telemetry.seen_events WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM telemetry.seen_events
     WHERE seen_at < now() - make_interval(days => $1::int + 1) LIMIT $2::int)))sql"};

// Nothing of interest is older than 1900, and years of fewer than four digits
// have no text that PostgreSQL and RFC 3339 agree on.
pg::Param TimeParam(absl::Time time) {
  if (time < absl::FromUnixSeconds(-2'208'988'800)) return pg::Param("-infinity");
  if (time == absl::InfiniteFuture()) return pg::Param("infinity");
  return pg::Param(time);
}

pg::Param TokenIssuedAt(const Caller& caller) {
  return caller.principal == Principal::kDevice ? pg::Param(caller.issued_at)
                                                : pg::Param(std::nullopt);
}

absl::Status RefusalIn(const pg::Row& row) {
  if (row.IsNull("refusal")) return absl::OkStatus();
  return row.Text("refusal") == "DEVICE_QUARANTINED" ? reasons::DeviceQuarantined()
                                                     : reasons::BadToken();
}

/// The columns of a batch that every event has.
struct Columns {
  explicit Columns(size_t events)
      : ids(events * 37),
        types(events * 24),
        data(events * 256),
        times(events * 17),
        times_may_change(events * 2) {}

  void Add(const NewEvent& event) {
    ids.AddPlain(event.id.value());
    types.AddText(event.type);
    data.AddText(event.data);
    times.AddNumber(absl::ToUnixMicros(event.occurred_at));
    times_may_change.AddPlain(event.time_may_change ? "t" : "f");
  }

  Array ids, types, data, times, times_may_change;
};

Record ToRecord(const pg::Row& row) {
  Record record;
  record.placed.chain = row.As<ChainId>("chain_id");
  record.placed.branch = row.As<BranchId>("branch_id");
  const std::string device = row.Text("device_id");
  if (device != kNoDevice) record.placed.device = DeviceId(device);
  record.placed.event = {row.As<EventId>("event_id"), row.Text("event_type"),
                         row.Text("event_data"), row.Time("occurred_at")};
  record.received_at = row.Time("received_at");
  return record;
}

const char* NameOf(Standing::Token token) {
  switch (token) {
    case Standing::Token::kReplaced:
      return "REPLACED";
    case Standing::Token::kVoided:
      return "VOIDED";
    case Standing::Token::kKept:
      break;
  }
  return "NULL";
}

}  // namespace

absl::Status PgEventStore::AddOfDevice(const Caller& caller, const Origin& origin,
                                       const std::vector<NewEvent>& events,
                                       absl::FunctionRef<void(int stored)> answer) {
  Columns columns(events.size());
  for (const NewEvent& event : events) columns.Add(event);
  std::vector<pg::Param> params = {origin.chain,
                                   origin.branch,
                                   origin.device,
                                   std::move(columns.ids).ToParam(),
                                   std::move(columns.types).ToParam(),
                                   std::move(columns.data).ToParam(),
                                   std::move(columns.times).ToParam(),
                                   std::move(columns.times_may_change).ToParam(),
                                   TokenIssuedAt(caller)};
  const auto answered = [&](const absl::StatusOr<pg::Rows>& rows) -> absl::Status {
    CW_RETURN_IF_ERROR(rows.status());
    CW_RETURN_IF_ERROR(RefusalIn(rows->front()));
    answer(static_cast<int>(rows->front().Int("stored")));
    return absl::OkStatus();
  };
  const pg::Tenant tenant = pg::Tenant::Of(caller);
  if (caller.once == nullptr) {
    return answered(pool_.OnceParams(tenant, caller.deadline, kAddOfDevice, std::move(params)));
  }
  return pool_.Transact(tenant, caller.deadline, [&](pg::Transaction& tx) {
    return pg::RunOnce(tx, "telemetry", caller,
                       [&] { return answered(tx.RunParams(kAddOfDevice, std::move(params))); });
  });
}

absl::StatusOr<int> PgEventStore::Add(const Caller& caller,
                                      const std::vector<PlacedEvent>& events) {
  Columns columns(events.size());
  Array chains(events.size() * 37), branches(events.size() * 37), devices(events.size() * 37);
  Array lifecycles(events.size() * 12), tokens(events.size() * 9);
  for (const PlacedEvent& placed : events) {
    chains.AddPlain(placed.chain.value());
    branches.AddPlain(placed.branch.empty() ? "NULL" : placed.branch.value());
    devices.AddPlain(placed.device.empty() ? "NULL" : placed.device.value());
    lifecycles.AddPlain(placed.standing ? placed.standing->lifecycle : "NULL");
    tokens.AddPlain(placed.standing ? NameOf(placed.standing->token) : "NULL");
    columns.Add(placed.event);
  }
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      pool_.Once(pg::Tenant::Of(caller), caller.deadline, kAdd, std::move(chains).ToParam(),
                 std::move(branches).ToParam(), std::move(devices).ToParam(),
                 std::move(columns.ids).ToParam(), std::move(columns.types).ToParam(),
                 std::move(columns.data).ToParam(), std::move(columns.times).ToParam(),
                 std::move(columns.times_may_change).ToParam(), std::move(lifecycles).ToParam(),
                 std::move(tokens).ToParam()));
  return rows.affected();
}

absl::StatusOr<std::vector<Record>> PgEventStore::List(const Caller& caller, const Query& query) {
  const pg::Query* const statements = query.device   ? kListDevice
                                      : query.branch ? kListBranch
                                                     : kListChain;
  const pg::Param subject = query.device   ? pg::Param(*query.device)
                            : query.branch ? pg::Param(*query.branch)
                                           : pg::Param(std::nullopt);
  const absl::Time before = query.after ? query.after->first : absl::InfiniteFuture();
  std::vector<pg::Param> params = {query.chain,
                                   subject,
                                   query.visible,
                                   query.type,
                                   query.type + (query.type_prefix ? kAboveTypes : kBelowTypes),
                                   TimeParam(query.from),
                                   TimeParam(query.until),
                                   TimeParam(before),
                                   query.after ? query.after->second.value() : std::string(kLastId),
                                   query.limit};
  if (query.device) params.push_back(TokenIssuedAt(caller));
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      pool_.OnceParams(pg::Tenant::Of(caller), caller.deadline,
                                       statements[query.type_prefix ? 0 : 1], std::move(params)));
  if (query.device) CW_RETURN_IF_ERROR(RefusalIn(rows.front()));
  std::vector<Record> records;
  records.reserve(static_cast<size_t>(rows.size()));
  for (const pg::Row row : rows) {
    if (!row.IsNull("event_id")) records.push_back(ToRecord(row));
  }
  return records;
}

absl::StatusOr<bool> PgEventStore::TurnDays(int keep_days) {
  const pg::Tenant platform = pg::Tenant::Platform();
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  CW_RETURN_IF_ERROR(pool_.Once(platform, deadline, kTurnDays, kDaysAhead, keep_days).status());
  CW_ASSIGN_OR_RETURN(const pg::Rows forgotten,
                      pool_.Once(platform, deadline, kForget, keep_days, most_forgotten_));
  return forgotten.affected() == most_forgotten_;
}

}  // namespace cartwise::telemetry
