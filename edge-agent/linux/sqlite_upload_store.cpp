#include "linux/sqlite_upload_store.hpp"

#include <utility>

#include "cartwise/base/status_macros.hpp"
#include "linux/value_json.hpp"

namespace cartwise::edge {
namespace {

constexpr const char* kSchema = R"sql(
  CREATE TABLE measurements (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, type TEXT NOT NULL,
    data TEXT NOT NULL, occurred_us INTEGER NOT NULL);
)sql";

}  // namespace

SqliteUploadStore::SqliteUploadStore(const std::string& state_dir)
    : file_({.path = state_dir + "/uploads.db",
             .schema = kSchema,
             .version = 1,
             .sync = Sync::kNormal}) {
  Recount().IgnoreError();
}

absl::Status SqliteUploadStore::Recount() {
  CW_RETURN_IF_ERROR(file_.Open());
  Statement count = file_.Prepare("SELECT count(*) FROM measurements");
  CW_RETURN_IF_ERROR(count.Step().status());
  count_ = count.Int(0);
  return absl::OkStatus();
}

absl::Status SqliteUploadStore::Append(const Measurement& measurement) {
  std::lock_guard lock(mutex_);
  const absl::Status status = file_.Use([&] {
    return file_
        .Prepare("INSERT INTO measurements (id, type, data, occurred_us) VALUES (?, ?, ?, ?)")
        .Bind(measurement.id.value())
        .Bind(measurement.type)
        .Bind(ToJson(measurement.data))
        .Bind(absl::ToUnixMicros(measurement.occurred_at))
        .Run();
  });
  count_ += status.ok();
  return status;
}

absl::StatusOr<std::vector<UploadStore::Row>> SqliteUploadStore::Oldest(int64_t after, int limit) {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  Statement rows = file_.Prepare(
      "SELECT number, id, type, data, occurred_us FROM measurements WHERE number > ? "
      "ORDER BY number LIMIT ?");
  rows.Bind(after).Bind(int64_t{limit});
  std::vector<Row> oldest;
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return oldest;
    auto data = FromJson(rows.Text(3));
    oldest.push_back({.number = rows.Int(0),
                      .measurement = {.id = EventId(rows.Text(1)),
                                      .type = rows.Text(2),
                                      .data = data.ok() ? *std::move(data) : Value(),
                                      .occurred_at = absl::FromUnixMicros(rows.Int(4))}});
  }
}

absl::StatusOr<int64_t> SqliteUploadStore::Forget(int64_t number) {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  CW_RETURN_IF_ERROR(
      file_.Prepare("DELETE FROM measurements WHERE number <= ?").Bind(number).Run());
  const int64_t before = count_;
  CW_RETURN_IF_ERROR(Recount());
  return before - count_;
}

absl::Status SqliteUploadStore::ForgetOldest() {
  std::lock_guard lock(mutex_);
  CW_RETURN_IF_ERROR(file_.Open());
  CW_RETURN_IF_ERROR(
      file_
          .Prepare("DELETE FROM measurements WHERE number = (SELECT min(number) FROM measurements)")
          .Run());
  --count_;
  return absl::OkStatus();
}

int64_t SqliteUploadStore::Count() const {
  std::lock_guard lock(mutex_);
  return count_;
}

}  // namespace cartwise::edge
