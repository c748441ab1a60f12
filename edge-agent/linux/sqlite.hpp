#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <sqlite3.h>

namespace cartwise::edge {

/// One run of a prepared statement; resets it at the end. Parameters are bound
/// in order, columns count from 0. A fault while binding shows in Step().
class Statement {
 public:
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& Bind(int64_t value);
  Statement& Bind(std::string_view text);

  /// True when there is a row to read.
  absl::StatusOr<bool> Step();
  /// Runs it to the end.
  absl::Status Run();

  int64_t Int(int column) const { return sqlite3_column_int64(statement_, column); }
  std::string Text(int column) const;

 private:
  sqlite3* db_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

/// How much a commit waits for the disk.
enum class Sync { kFull, kNormal };

/// One file of state in SQLite, opened when first used and moved aside when it
/// is damaged, so that the agent always starts. Not thread-safe.
///
/// Errors: DATA_LOSS for a damaged file, RESOURCE_EXHAUSTED for a full disk,
/// UNAVAILABLE for the rest.
class SqliteFile {
 public:
  struct Options {
    std::string path;
    const char* schema;  ///< for an empty file
    int version;         ///< of the format; another one counts as damaged
    Sync sync = Sync::kFull;
    int autocheckpoint = 1000;  ///< pages; 0 leaves it to Checkpoint()
  };

  explicit SqliteFile(Options options) : options_(std::move(options)) {}
  ~SqliteFile();
  SqliteFile(const SqliteFile&) = delete;
  SqliteFile& operator=(const SqliteFile&) = delete;

  /// Opens, replacing a damaged file. OK at once when it is open.
  absl::Status Open();
  /// Moves the file aside (as `PATH.damaged`) and opens an empty one.
  absl::Status StartAnew();
  /// Opens and runs `work`; on a damaged file once more with an empty one.
  absl::Status Use(absl::FunctionRef<absl::Status()> work);
  /// Why Open or Use moved the file aside; empty when they did not since the last call.
  std::string TakeLoss() { return std::exchange(loss_, {}); }

  /// The statement, prepared once. `sql` must be a literal.
  Statement Prepare(const char* sql);
  absl::Status Execute(const char* sql);

  /// Copies the log into the file through a connection of its own, so that no
  /// writer waits, once it has grown over a megabyte.
  absl::Status Checkpoint();

 private:
  absl::Status TryOpen();
  absl::Status Connect(sqlite3** db) const;
  absl::Status CheckFormat();
  void Close();

  const Options options_;
  std::string loss_;
  sqlite3* db_ = nullptr;
  std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace cartwise::edge
