#include "linux/sqlite.hpp"

#include <filesystem>
#include <system_error>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::edge {
namespace {

constexpr int kPatienceMs = 2000;
constexpr std::uintmax_t kLogLimit = 1 << 20;

absl::Status Fault(sqlite3* db) {
  const std::string text = db ? sqlite3_errmsg(db) : "out of memory";
  switch (db ? sqlite3_errcode(db) & 0xFF : SQLITE_NOMEM) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(text);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(text);
    default:
      return absl::UnavailableError(text);
  }
}

}  // namespace

Statement::~Statement() {
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Statement& Statement::Bind(int64_t value) {
  sqlite3_bind_int64(statement_, ++bound_, value);
  return *this;
}

Statement& Statement::Bind(std::string_view text) {
  sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (statement_ == nullptr) return Fault(db_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Fault(db_);
}

absl::Status Statement::Run() {
  while (true) {
    CW_ASSIGN_OR_RETURN(const bool row, Step());
    if (!row) return absl::OkStatus();
  }
}

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text ? std::string(text, sqlite3_column_bytes(statement_, column)) : std::string();
}

SqliteFile::~SqliteFile() {
  Close();
}

void SqliteFile::Close() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  sqlite3_close(db_);
  db_ = nullptr;
}

absl::Status SqliteFile::Open() {
  if (db_ != nullptr) return absl::OkStatus();
  const absl::Status status = TryOpen();
  if (status.ok()) return status;
  Close();
  if (!absl::IsDataLoss(status)) return status;
  loss_ = std::string(status.message());
  return StartAnew();
}

absl::Status SqliteFile::StartAnew() {
  Close();
  for (const char* part : {"", "-wal", "-shm"}) {
    std::error_code ignored;
    std::filesystem::rename(options_.path + part, options_.path + ".damaged" + part, ignored);
  }
  const absl::Status status = TryOpen();
  if (!status.ok()) Close();
  return status;
}

absl::Status SqliteFile::Use(absl::FunctionRef<absl::Status()> work) {
  CW_RETURN_IF_ERROR(Open());
  const absl::Status status = work();
  if (!absl::IsDataLoss(status)) return status;
  loss_ = std::string(status.message());
  CW_RETURN_IF_ERROR(StartAnew());
  return work();
}

absl::Status SqliteFile::TryOpen() {
  CW_RETURN_IF_ERROR(Connect(&db_));
  CW_RETURN_IF_ERROR(CheckFormat());
  return absl::OkStatus();
}

absl::Status SqliteFile::Connect(sqlite3** db) const {
  if (sqlite3_open_v2(options_.path.c_str(), db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                      nullptr) != SQLITE_OK) {
    return Fault(*db);
  }
  sqlite3_busy_timeout(*db, kPatienceMs);
  const std::string setup =
      absl::StrCat("PRAGMA journal_mode=WAL; PRAGMA cache_size=-256; PRAGMA synchronous=",
                   options_.sync == Sync::kFull ? "FULL" : "NORMAL",
                   "; PRAGMA wal_autocheckpoint=", options_.autocheckpoint);
  if (sqlite3_exec(*db, setup.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return Fault(*db);
  return absl::OkStatus();
}

absl::Status SqliteFile::CheckFormat() {
  std::string verdict;
  int64_t version = 0;
  int64_t tables = 0;
  {
    Statement check = Prepare("PRAGMA quick_check(1)");
    CW_RETURN_IF_ERROR(check.Step().status());
    verdict = check.Text(0);
    Statement format = Prepare("PRAGMA user_version");
    CW_RETURN_IF_ERROR(format.Step().status());
    version = format.Int(0);
    Statement count = Prepare("SELECT count(*) FROM sqlite_master");
    CW_RETURN_IF_ERROR(count.Step().status());
    tables = count.Int(0);
  }
  if (verdict != "ok") return absl::DataLossError(verdict);
  if (version == options_.version) return absl::OkStatus();
  if (version != 0 || tables != 0) {
    return absl::DataLossError("format " + std::to_string(version) + " is not known");
  }
  const std::string schema = std::string("BEGIN IMMEDIATE;") + options_.schema +
                             "PRAGMA user_version=" + std::to_string(options_.version) + ";COMMIT;";
  const absl::Status made = Execute(schema.c_str());
  if (!made.ok()) Execute("ROLLBACK").IgnoreError();
  return made;
}

Statement SqliteFile::Prepare(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr);
  return Statement(db_, statement);
}

absl::Status SqliteFile::Execute(const char* sql) {
  return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? absl::OkStatus()
                                                                        : Fault(db_);
}

absl::Status SqliteFile::Checkpoint() {
  std::error_code absent;
  const auto size = std::filesystem::file_size(options_.path + "-wal", absent);
  if (absent || size < kLogLimit) return absl::OkStatus();
  sqlite3* other = nullptr;
  absl::Status status = Connect(&other);
  // The first write after a checkpoint syncs the log's new header; better here
  // than under an order. Setting the version to itself is such a write.
  const std::string work =
      "PRAGMA wal_checkpoint(PASSIVE); PRAGMA user_version=" + std::to_string(options_.version);
  if (status.ok() && sqlite3_exec(other, work.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    status = Fault(other);
  }
  sqlite3_close(other);
  return status;
}

}  // namespace cartwise::edge
