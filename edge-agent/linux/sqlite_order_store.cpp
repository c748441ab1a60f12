#include "linux/sqlite_order_store.hpp"

#include <utility>

#include "cartwise/base/status_macros.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

enum Phase : int64_t { kIntent = 0, kEnded = 1, kSettled = 2 };

constexpr const char* kSchema = R"sql(
  CREATE TABLE orders (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, phase INTEGER NOT NULL,
    kind TEXT NOT NULL DEFAULT '', arguments TEXT NOT NULL DEFAULT '{}',
    outcome INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
    seen TEXT NOT NULL DEFAULT 'null', pulsed_at_ms INTEGER NOT NULL DEFAULT 0);
)sql";

Value Parsed(const std::string& json) {
  auto value = FromJson(json);
  return value.ok() ? *std::move(value) : Value();
}

}  // namespace

SqliteOrderStore::SqliteOrderStore(const std::string& state_dir)
    : file_({.path = state_dir + "/orders.db",
             .schema = kSchema,
             .version = 1,
             .sync = Sync::kNormal,
             .autocheckpoint = 0}) {}

absl::StatusOr<OrderStore::Kept> SqliteOrderStore::Load() {
  std::lock_guard lock(mutex_);
  Kept kept;
  CW_RETURN_IF_ERROR(file_.Use([&] {
    kept = {};
    return LoadInto(kept);
  }));
  return kept;
}

absl::Status SqliteOrderStore::LoadInto(Kept& kept) {
  Statement rows = file_.Prepare(
      "SELECT id, phase, kind, arguments, outcome, reason, seen, pulsed_at_ms FROM orders "
      "ORDER BY number");
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    const Order order{
        .id = CommandId(rows.Text(0)), .kind = rows.Text(2), .arguments = Parsed(rows.Text(3))};
    const int64_t phase = rows.Int(1), pulsed_at_ms = rows.Int(7);
    if (pulsed_at_ms > 0) kept.acted.push_back({order, absl::Milliseconds(pulsed_at_ms)});
    switch (phase) {
      case kIntent:
        kept.intents.push_back(order);
        break;
      case kEnded:
        kept.results.push_back({.id = order.id,
                                .outcome = static_cast<Outcome>(rows.Int(4)),
                                .reason = rows.Text(5),
                                .seen = Parsed(rows.Text(6)),
                                .pulsed_at_ms = pulsed_at_ms});
        break;
      default:
        kept.settled.push_back(order.id);
    }
  }
}

absl::Status SqliteOrderStore::SaveIntent(const Order& order) {
  std::lock_guard lock(mutex_);
  return file_.Use([&] {
    return file_
        .Prepare("INSERT OR IGNORE INTO orders (id, phase, kind, arguments) VALUES (?, 0, ?, ?)")
        .Bind(order.id.value())
        .Bind(order.kind)
        .Bind(ToJson(order.arguments))
        .Run();
  });
}

absl::Status SqliteOrderStore::SaveResult(const CommandResult& result) {
  std::lock_guard lock(mutex_);
  return file_.Use([&] {
    return file_
        .Prepare(
            "INSERT INTO orders (id, phase, outcome, reason, seen, pulsed_at_ms) "
            "VALUES (?, 1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET phase = 1, "
            "outcome = excluded.outcome, reason = excluded.reason, seen = excluded.seen, "
            "pulsed_at_ms = excluded.pulsed_at_ms")
        .Bind(result.id.value())
        .Bind(static_cast<int64_t>(result.outcome))
        .Bind(result.reason)
        .Bind(ToJson(result.seen))
        .Bind(result.pulsed_at_ms)
        .Run();
  });
}

absl::Status SqliteOrderStore::Settle(const CommandId& id) {
  return Change("UPDATE orders SET phase = 2, seen = 'null' WHERE id = ?", id);
}

absl::Status SqliteOrderStore::Forget(const CommandId& id) {
  return Change("DELETE FROM orders WHERE id = ?", id);
}

absl::Status SqliteOrderStore::Change(const char* sql, const CommandId& id) {
  std::lock_guard lock(mutex_);
  return file_.Use([&] { return file_.Prepare(sql).Bind(id.value()).Run(); });
}

std::string SqliteOrderStore::TakeLoss() {
  std::lock_guard lock(mutex_);
  return file_.TakeLoss();
}

absl::Status SqliteOrderStore::Checkpoint() {
  // Without the mutex: it works through a connection of its own.
  return file_.Checkpoint();
}

}  // namespace cartwise::edge
