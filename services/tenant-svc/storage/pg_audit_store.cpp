#include "storage/pg_audit_store.hpp"

#include <array>

#include "cartwise/auth/digest.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "storage/columns.hpp"

namespace cartwise::tenant {
namespace {

#define ENTRY_COLUMNS                                                                     \
  "e.chain_id, e.entry_no, e.event_id, e.occurred_at, e.recorded_at, e.source, e.actor, " \
  "e.role, e.action, e.object_id, e.branch_id, e.device_id, e.reason, e.address, "        \
  "e.trace_id, e.entry_hash"

// The update that changes nothing takes the row's lock, whoever made the row.
constexpr pg::Query kHold{"tenant_hold_audit_head", R"sql(
  INSERT INTO tenant.audit_heads AS h (chain_id, entry_no, entry_hash) VALUES ($1, 0, $2::bytea)
  ON CONFLICT (chain_id) DO UPDATE SET entry_no = h.entry_no
  RETURNING h.chain_id, h.entry_no, h.entry_hash)sql"};

constexpr pg::Query kMove{"tenant_move_audit_head", R"sql(
  UPDATE tenant.audit_heads SET entry_no = $2, entry_hash = $3::bytea WHERE chain_id = $1)sql"};

// Behind row security no index serves a condition that converts ($2::text::uuid[]):
// the whole log of a chain would be read.
constexpr pg::Query kKnown{"tenant_known_audit_events", R"sql(
  SELECT e.event_id FROM tenant.audit_entries e
   WHERE e.chain_id = $1 AND e.event_id = ANY ($2::uuid[]))sql"};

// $1 chain, $2 first number, $3 recorded at, then one array per column.
constexpr pg::Query kInsert{"tenant_insert_audit_entries", R"sql(
  INSERT INTO tenant.audit_entries (chain_id, entry_no, event_id, occurred_at, recorded_at, source,
         actor, role, action, object_id, branch_id, device_id, reason, address, trace_id, entry_hash)
  SELECT $1::uuid, $2::bigint + e.place - 1, e.event_id, e.occurred_at, $3::timestamptz, e.source,
         e.actor, e.role, e.action, e.object_id, nullif(e.branch_id, '')::uuid,
         nullif(e.device_id, '')::uuid, e.reason, e.address, e.trace_id, e.entry_hash
    FROM unnest($4::text::uuid[], $5::text::timestamptz[], $6::text::text[], $7::text::text[],
                $8::text::text[], $9::text::text[], $10::text::text[], $11::text::text[],
                $12::text::text[], $13::text::text[], $14::text::text[], $15::text::text[],
                $16::text::bytea[]) WITH ORDINALITY
      AS e (event_id, occurred_at, source, actor, role, action, object_id, branch_id, device_id,
            reason, address, trace_id, entry_hash, place))sql"};

// A prepared statement finds no index behind "empty or equal", so each filter
// that has an index has a statement that insists on it.
#define LIST_AUDIT(insists)                                                             \
  "SELECT " ENTRY_COLUMNS                                                               \
  " FROM tenant.audit_entries e WHERE e.chain_id = $1 AND e.entry_no < $2::bigint"      \
  " AND ($3::text = '' OR e.actor = $3)"                                                \
  " AND ($4::text = '' OR e.action = $4 OR starts_with(e.action, $4 || '.'))"           \
  " AND ($5::text = '' OR e.object_id = $5) AND ($6::uuid IS NULL OR e.branch_id = $6)" \
  " AND ($7::text = '' OR e.trace_id = $7)"                                             \
  " AND ($8::timestamptz IS NULL OR e.occurred_at >= $8)"                               \
  " AND ($9::timestamptz IS NULL OR e.occurred_at < $9)" insists                        \
  " ORDER BY e.entry_no DESC LIMIT $10::int"

constexpr pg::Query kList{"tenant_list_audit", LIST_AUDIT("")};
constexpr pg::Query kListOfActor{"tenant_list_audit_of_actor", LIST_AUDIT(" AND e.actor = $3")};
constexpr pg::Query kListOfObject{"tenant_list_audit_of_object",
                                  LIST_AUDIT(" AND e.object_id = $5")};
constexpr pg::Query kListOfTime{
    "tenant_list_audit_of_time",
    LIST_AUDIT(" AND e.occurred_at >= coalesce($8::timestamptz, '-infinity')"
               " AND e.occurred_at < coalesce($9::timestamptz, 'infinity')")};

const pg::Query& ListFor(const AuditFilter& filter) {
  if (!filter.object_id.empty()) return kListOfObject;
  if (!filter.actor.empty()) return kListOfActor;
  return filter.from || filter.until ? kListOfTime : kList;
}

constexpr pg::Query kHeads{"tenant_audit_heads", R"sql(
  SELECT h.chain_id, h.entry_no, h.entry_hash FROM tenant.audit_heads h
  UNION ALL
  -- Entries without a head are to be looked at, too.
  SELECT DISTINCT e.chain_id, 0::bigint, ''::bytea FROM tenant.audit_entries e
   WHERE NOT EXISTS (SELECT FROM tenant.audit_heads h WHERE h.chain_id = e.chain_id)
   ORDER BY chain_id)sql"};

constexpr pg::Query kFindHead{"tenant_audit_head", R"sql(
  SELECT h.chain_id, h.entry_no, h.entry_hash FROM tenant.audit_heads h WHERE h.chain_id = $1)sql"};

constexpr pg::Query kWalk{"tenant_walk_audit", "SELECT " ENTRY_COLUMNS R"sql(
    FROM tenant.audit_entries e
   WHERE e.chain_id = $1 AND e.entry_no > $2::bigint ORDER BY e.entry_no LIMIT $3::int)sql"};

AuditEntry ReadEntry(const pg::Row& row) {
  AuditEntry entry;
  entry.chain = row.As<ChainId>("chain_id");
  entry.no = row.Int("entry_no");
  entry.event = row.As<EventId>("event_id");
  entry.occurred_at = row.Time("occurred_at");
  entry.recorded_at = row.Time("recorded_at");
  entry.source = row.Text("source");
  entry.actor = row.Text("actor");
  entry.role = row.Text("role");
  entry.action = row.Text("action");
  entry.object_id = row.Text("object_id");
  entry.branch = row.As<BranchId>("branch_id");
  entry.device = row.As<DeviceId>("device_id");
  entry.reason = row.Text("reason");
  entry.address = row.Text("address");
  entry.trace_id = row.Text("trace_id");
  entry.hash = row.Bytes("entry_hash");
  return entry;
}

AuditHead ReadHead(const pg::Row& row) {
  return AuditHead{row.As<ChainId>("chain_id"), row.Int("entry_no"), row.Bytes("entry_hash")};
}

}  // namespace

absl::StatusOr<AuditHead> PgAuditStore::HoldHead(const ChainId& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHold, chain, pg::Bytes(NoHash())));
  return ReadHead(rows.front());
}

absl::Status PgAuditStore::MoveHead(const AuditHead& head) {
  return tx_.Run(kMove, head.chain, head.no, pg::Bytes(head.hash)).status();
}

absl::StatusOr<std::vector<EventId>> PgAuditStore::Known(const ChainId& chain,
                                                         const std::vector<EventId>& events) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kKnown, chain, events));
  return ReadAll(rows, [](const pg::Row& row) { return row.As<EventId>("event_id"); });
}

absl::Status PgAuditStore::Insert(const std::vector<AuditEntry>& entries) {
  using Texts = std::vector<std::string>;
  Texts events, times, branches, devices, hashes;
  constexpr std::array kPlain = {&AuditEntry::source,  &AuditEntry::actor,     &AuditEntry::role,
                                 &AuditEntry::action,  &AuditEntry::object_id, &AuditEntry::reason,
                                 &AuditEntry::address, &AuditEntry::trace_id};
  std::array<Texts, kPlain.size()> plain;
  for (const AuditEntry& entry : entries) {
    events.push_back(entry.event.value());
    times.push_back(ToRfc3339(entry.occurred_at));
    branches.push_back(entry.branch.value());
    devices.push_back(entry.device.value());
    hashes.push_back("\\x" + HexEncode(entry.hash));
    for (size_t i = 0; i < kPlain.size(); ++i) plain[i].push_back(entry.*kPlain[i]);
  }
  const auto& [source, actor, role, action, object, reason, address, trace] = plain;
  return tx_
      .Run(kInsert, entries.front().chain, entries.front().no, entries.front().recorded_at, events,
           times, source, actor, role, action, object, branches, devices, reason, address, trace,
           hashes)
      .status();
}

absl::StatusOr<std::vector<AuditEntry>> PgAuditStore::List(const AuditFilter& filter,
                                                           int64_t before_no, int most) {
  CW_ASSIGN_OR_RETURN(
      const auto rows,
      tx_.Run(ListFor(filter), filter.chain, before_no, filter.actor, filter.action,
              filter.object_id, filter.branch, filter.trace_id, filter.from, filter.until, most));
  return ReadAll(rows, ReadEntry);
}

absl::StatusOr<std::vector<AuditHead>> PgAuditStore::Heads() {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kHeads));
  return ReadAll(rows, ReadHead);
}

absl::StatusOr<AuditHead> PgAuditStore::FindHead(const ChainId& chain) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kFindHead, chain));
  return rows.empty() ? AuditHead{chain, 0, NoHash()} : ReadHead(rows.front());
}

absl::StatusOr<std::vector<AuditEntry>> PgAuditStore::Walk(const ChainId& chain, int64_t after_no,
                                                           int most) {
  CW_ASSIGN_OR_RETURN(const auto rows, tx_.Run(kWalk, chain, after_no, most));
  return ReadAll(rows, ReadEntry);
}

std::string AuditDigest(std::string_view bytes) {
  const auto digest = auth::Sha256(bytes);
  return std::string(digest.data(), digest.size());
}

}  // namespace cartwise::tenant
