#include "cartwise/outbox/outbox.hpp"

#include <map>
#include <mutex>

#include <absl/strings/str_cat.h>

#include "cartwise/obs/json_text.hpp"
#include "cartwise/outbox/statements.hpp"

namespace cartwise::outbox {

size_t SizeOf(const Event& event) {
  const Audit audit = event.audit.value_or(Audit{});
  return event.payload.size() + audit.actor.size() + audit.role.size() + audit.reason.size() +
         audit.address.size();
}

absl::Status Append(pg::Transaction& tx, std::string_view schema, const Event& event) {
  if (const size_t bytes = SizeOf(event); bytes > kMostOfEvent) {
    return absl::InternalError(
        absl::StrCat("no sink takes an event of ", bytes, " bytes: ", event.type));
  }
  return tx
      .Run(StatementsOf(schema).append, event.chain, event.id, event.branch, event.device,
           event.type, event.subject, event.occurred_at, event.payload, event.trace_id,
           AuditColumn(event.audit))
      .status();
}

pg::Param AuditColumn(const std::optional<Audit>& audit) {
  if (!audit) return std::nullopt;
  std::string json;
  const auto put = [&json](const char* name, std::string text) {
    // What PostgreSQL cannot hold in a text must not undo the write it is about.
    std::erase(text, '\0');
    absl::StrAppend(&json, json.empty() ? "{\"" : ",\"", name, "\":");
    obs::AppendJsonText(json, text);
  };
  put("actor", audit->actor);
  put("role", audit->role);
  put("reason", audit->reason);
  put("address", audit->address);
  return json + "}";
}

const Statements& StatementsOf(std::string_view schema) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<Statements>, std::less<>> all;
  std::lock_guard lock(mutex);
  auto& entry = all[std::string(schema)];
  if (!entry) entry = std::make_unique<Statements>(std::string(schema));
  return *entry;
}

Statements::Statements(const std::string& schema) {
  const auto make = [&](const char* name, std::string sql) {
    texts_.push_back(absl::StrCat(schema, "_outbox_", name));
    const std::string& full_name = texts_.back();
    texts_.push_back(std::move(sql));
    return pg::Query{full_name, texts_.back()};
  };
  append = make("append", absl::StrCat(R"sql(
    INSERT INTO )sql",
                                       schema, R"sql(.outbox
           (chain_id, event_id, branch_id, device_id, type, subject, occurred_at, payload, trace_id,
            audit)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10))sql"));
  introduce =
      make("introduce", absl::StrCat("INSERT INTO ", schema,
                                     ".outbox_cursors (sink) VALUES ($1) ON CONFLICT DO NOTHING"));
  // An advisory lock, not FOR UPDATE: a row lock takes a transaction id, and a
  // slow sink would then hold back the horizon of `next` for every other sink.
  lock_cursor = make("lock_cursor", absl::StrCat("SELECT (SELECT o.occurred_at FROM ", schema,
                                                 ".outbox o WHERE (o.xid, o.seq) > (c.xid, c.seq) "
                                                 "ORDER BY o.xid, o.seq LIMIT 1) AS oldest FROM ",
                                                 schema,
                                                 ".outbox_cursors c WHERE c.sink = $1 AND "
                                                 "pg_try_advisory_xact_lock(hashtextextended('",
                                                 schema, ".' || c.sink, 0))"));
  // A transaction still running may commit a lower seq later: only what is
  // older than every running transaction is taken, in (xid, seq) order. The
  // cursor is read anew: lock_cursor saw it before it had the lock, when another
  // replica may still have been moving it. Ordered by o.xid: a bare xid would be the
  // text that is selected under that name, in which 10 comes before 9.
  const auto next_of = [&](const char* columns) {
    return absl::StrCat(R"sql(
    SELECT chain_id, seq, xid::text AS xid, event_id, branch_id, device_id, type, subject,
           occurred_at, trace_id, )sql",
                        columns, R"sql(
      FROM )sql",
                        schema, R"sql(.outbox o
     WHERE (o.xid, o.seq) > ((SELECT c.xid FROM )sql",
                        schema, R"sql(.outbox_cursors c WHERE c.sink = $1),
                         (SELECT c.seq FROM )sql",
                        schema, R"sql(.outbox_cursors c WHERE c.sink = $1))
       AND o.xid < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY o.xid, o.seq LIMIT $2)sql");
  };
  next = make("next", next_of("payload::text AS payload"));
  next_audited =
      make("next_audited",
           next_of("audit->>'actor' AS audit_actor, audit->>'role' AS audit_role, "
                   "audit->>'reason' AS audit_reason, audit->>'address' AS audit_address"));
  advance =
      make("advance", absl::StrCat("UPDATE ", schema,
                                   ".outbox_cursors SET xid = $2::xid8, seq = $3 WHERE sink = $1"));
  // Some at a time: one statement for the backlog of days would run into its time limit, for ever.
  const auto of_last = [&](const char* column) {
    return absl::StrCat("(SELECT c.", column, " FROM ", schema,
                        ".outbox_cursors c ORDER BY c.xid, c.seq LIMIT 1)");
  };
  prune = make("prune", absl::StrCat("DELETE FROM ", schema,
                                     ".outbox WHERE ctid = ANY (ARRAY(SELECT o.ctid FROM ", schema,
                                     ".outbox o WHERE (o.xid, o.seq) <= (", of_last("xid"), ", ",
                                     of_last("seq"), ") ORDER BY o.xid, o.seq LIMIT $1))"));
}

}  // namespace cartwise::outbox
