#include "linux/sqlite_event_store.hpp"

#include <algorithm>
#include <cstdlib>

#include "cartwise/base/status_macros.hpp"
#include "linux/atomic_file.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

constexpr int64_t kReserve = 1000;

constexpr const char* kSchema = R"sql(
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, type TEXT NOT NULL,
    subject TEXT NOT NULL, payload TEXT NOT NULL, occurred_us INTEGER NOT NULL,
    boot_ms INTEGER NOT NULL, epoch TEXT NOT NULL);
  CREATE TABLE marks (
    controller TEXT NOT NULL, lock INTEGER NOT NULL, state INTEGER NOT NULL,
    left_place INTEGER NOT NULL, PRIMARY KEY (controller, lock)) WITHOUT ROWID;
)sql";

}  // namespace

SqliteEventStore::SqliteEventStore(const std::string& state_dir)
    : file_({.path = state_dir + "/events.db", .schema = kSchema, .version = 1}),
      reserve_path_(state_dir + "/journal.seq") {
  Ready().IgnoreError();
}

absl::Status SqliteEventStore::Ready() {
  std::lock_guard lock(mutex_);
  if (ready_) return absl::OkStatus();
  if (const auto text = ReadWholeFile(reserve_path_); text.ok()) {
    reserved_ = std::max(0LL, std::strtoll(text->c_str(), nullptr, 10));
  } else if (!absl::IsNotFound(text.status())) {
    return text.status();
  }
  CW_RETURN_IF_ERROR(Recount());
  ready_ = true;
  return absl::OkStatus();
}

absl::Status SqliteEventStore::Recount() {
  CW_RETURN_IF_ERROR(file_.Open());
  Statement highest =
      file_.Prepare("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events'");
  CW_RETURN_IF_ERROR(highest.Step().status());
  highest_ =
      highest.Int(0) > 0 ? std::max(highest_, highest.Int(0)) : std::max(highest_, reserved_);
  Statement count = file_.Prepare("SELECT count(*) FROM events");
  CW_RETURN_IF_ERROR(count.Step().status());
  count_ = count.Int(0);
  return absl::OkStatus();
}

void SqliteEventStore::Reserve(int64_t seq) {
  if (seq <= reserved_) return;
  const int64_t bound = seq + kReserve;
  if (WriteFileAtomically(reserve_path_, std::to_string(bound) + "\n").ok()) reserved_ = bound;
}

absl::Status SqliteEventStore::Append(const std::vector<JournalEntry>& entries) {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  CW_RETURN_IF_ERROR(file_.Execute("BEGIN IMMEDIATE"));
  absl::Status status = AppendAll(entries);
  if (status.ok()) status = file_.Execute("COMMIT");
  if (!status.ok()) {
    file_.Execute("ROLLBACK").IgnoreError();
    return status;
  }
  for (const JournalEntry& entry : entries) {
    if (!entry.event) continue;
    ++count_;
    highest_ = std::max(highest_, entry.event->seq);
  }
  return absl::OkStatus();
}

absl::Status SqliteEventStore::AppendAll(const std::vector<JournalEntry>& entries) {
  for (const JournalEntry& entry : entries) {
    if (entry.event) {
      Reserve(entry.event->seq);
      CW_RETURN_IF_ERROR(Insert(*entry.event));
    }
    for (const LockMark& mark : entry.marks) CW_RETURN_IF_ERROR(Insert(mark));
  }
  return absl::OkStatus();
}

absl::Status SqliteEventStore::Insert(const AgentEvent& event) {
  return file_
      .Prepare(
          "INSERT OR IGNORE INTO events (seq, id, type, subject, payload, occurred_us, boot_ms, "
          "epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
      .Bind(event.seq)
      .Bind(event.id.value())
      .Bind(event.type)
      .Bind(event.subject)
      .Bind(ToJson(event.payload))
      .Bind(absl::ToUnixMicros(event.occurred_at))
      .Bind(absl::ToInt64Milliseconds(event.boot_clock))
      .Bind(event.agent_epoch)
      .Run();
}

absl::Status SqliteEventStore::Insert(const LockMark& mark) {
  return file_
      .Prepare(
          "INSERT INTO marks (controller, lock, state, left_place) VALUES (?, ?, ?, ?) "
          "ON CONFLICT (controller, lock) DO UPDATE SET state = excluded.state, "
          "left_place = excluded.left_place")
      .Bind(mark.controller.value())
      .Bind(int64_t{mark.lock})
      .Bind(int64_t{mark.state})
      .Bind(int64_t{mark.left})
      .Run();
}

absl::StatusOr<std::vector<AgentEvent>> SqliteEventStore::After(int64_t after, int limit) {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  Statement rows = file_.Prepare(
      "SELECT seq, id, type, subject, payload, occurred_us, boot_ms, epoch FROM events "
      "WHERE seq > ? ORDER BY seq LIMIT ?");
  rows.Bind(after).Bind(int64_t{limit});
  std::vector<AgentEvent> events;
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return events;
    auto payload = FromJson(rows.Text(4));
    events.push_back({.id = EventId(rows.Text(1)),
                      .seq = rows.Int(0),
                      .type = rows.Text(2),
                      .subject = rows.Text(3),
                      .payload = payload.ok() ? *std::move(payload) : Value(Value::Object{}),
                      .occurred_at = absl::FromUnixMicros(rows.Int(5)),
                      .boot_clock = absl::Milliseconds(rows.Int(6)),
                      .agent_epoch = rows.Text(7)});
  }
}

absl::Status SqliteEventStore::Forget(int64_t seq) {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  CW_RETURN_IF_ERROR(file_.Prepare("DELETE FROM events WHERE seq <= ?").Bind(seq).Run());
  return Recount();
}

absl::StatusOr<std::vector<LockMark>> SqliteEventStore::Marks() {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  Statement rows = file_.Prepare("SELECT controller, lock, state, left_place FROM marks");
  std::vector<LockMark> marks;
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return marks;
    marks.push_back({.controller = ControllerId(rows.Text(0)),
                     .lock = static_cast<int>(rows.Int(1)),
                     .state = static_cast<int>(rows.Int(2)),
                     .left = static_cast<int>(rows.Int(3))});
  }
}

absl::StatusOr<int64_t> SqliteEventStore::Count() {
  std::lock_guard lock(mutex_);
  return count_;
}

int64_t SqliteEventStore::HighestSeq() const {
  std::lock_guard lock(mutex_);
  return std::max(highest_, highest_ == 0 ? reserved_ : 0);
}

absl::Status SqliteEventStore::StartAnew() {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.StartAnew());
  return Recount();
}

std::string SqliteEventStore::TakeLoss() {
  std::lock_guard lock(mutex_);
  return file_.TakeLoss();
}

}  // namespace cartwise::edge
