#include "linux/sqlite_upload_store.hpp"

#include <algorithm>
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
  Count();  // what is damaged shows at the start
}

absl::Status SqliteUploadStore::Append(const Measurement& measurement) {
  std::lock_guard lock(mutex_);
  return file_.Use([&] {
    return file_
        .Prepare(
            "INSERT INTO measurements (number, id, type, data, occurred_us) "
            "SELECT max(?, coalesce(max(seq), 0)) + 1, ?, ?, ?, ? FROM sqlite_sequence "
            "WHERE name = 'measurements'")
        .Bind(given_out_)
        .Bind(measurement.id.value())
        .Bind(measurement.type)
        .Bind(ToJson(measurement.data))
        .Bind(absl::ToUnixMicros(measurement.occurred_at))
        .Run();
  });
}

absl::StatusOr<std::vector<UploadStore::Row>> SqliteUploadStore::Oldest(int64_t after, int limit) {
  std::lock_guard lock(mutex_);
  std::vector<Row> oldest;
  CW_RETURN_IF_ERROR(file_.Use([&] {
    oldest.clear();
    return Read(after, limit, oldest);
  }));
  if (!oldest.empty()) given_out_ = std::max(given_out_, oldest.back().number);
  return oldest;
}

absl::Status SqliteUploadStore::Read(int64_t after, int limit, std::vector<Row>& oldest) {
  Statement rows = file_.Prepare(
      "SELECT number, id, type, data, occurred_us FROM measurements WHERE number > ? "
      "ORDER BY number LIMIT ?");
  rows.Bind(after).Bind(int64_t{limit});
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, rows.Step());
    if (!row) return absl::OkStatus();
    auto data = FromJson(rows.Text(3));
    oldest.push_back({.number = rows.Int(0),
                      .measurement = {.id = EventId(rows.Text(1)),
                                      .type = rows.Text(2),
                                      .data = data.ok() ? *std::move(data) : Value(),
                                      .occurred_at = absl::FromUnixMicros(rows.Int(4))}});
  }
}

absl::Status SqliteUploadStore::Forget(int64_t number) {
  std::lock_guard lock(mutex_);
  return file_.Use([&] {
    return file_.Prepare("DELETE FROM measurements WHERE number <= ?").Bind(number).Run();
  });
}

absl::Status SqliteUploadStore::ForgetOldest() {
  std::lock_guard lock(mutex_);
  return file_.Use([&] {
    return file_
        .Prepare("DELETE FROM measurements WHERE number = (SELECT min(number) FROM measurements)")
        .Run();
  });
}

int64_t SqliteUploadStore::Count() const {
  std::lock_guard lock(mutex_);
  int64_t count = 0;
  file_
      .Use([&] {
        Statement rows = file_.Prepare("SELECT count(*) FROM measurements");
        const absl::Status status = rows.Step().status();
        if (status.ok()) count = rows.Int(0);
        return status;
      })
      .IgnoreError();
  return count;
}

std::string SqliteUploadStore::TakeLoss() {
  std::lock_guard lock(mutex_);
  return file_.TakeLoss();
}

}  // namespace cartwise::edge
