#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "cartwise/pg/dial.hpp"
#include "cartwise/pg/query.hpp"
#include "cartwise/pg/rows.hpp"

namespace cartwise::pg {

/// One connection to PostgreSQL; private to the pool. Not thread-safe.
class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& url);
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs the steps in one round trip, each prepared when it comes for the first time, and
  /// answers the rows of each. Outside BEGIN and COMMIT they are one transaction. `meanwhile` runs
  /// while the server works.
  virtual absl::StatusOr<std::vector<Rows>> Execute(
      const std::vector<Step>& steps, absl::FunctionRef<void()> meanwhile = [] {});
  /// Runs SQL text; answers the rows of the last statement.
  absl::StatusOr<Rows> Raw(const std::string& sql);
  /// INTERNAL where a statement of the transaction had failed: the server then rolls it back and
  /// calls that a success.
  absl::Status Commit();

  /// False when the server has hung up meanwhile.
  bool LooksAlive() const;
  /// True after a failure that leaves the connection unusable.
  bool broken() const { return broken_; }

 protected:
  explicit Connection(Line line) : line_(std::move(line)) {}
  /// Sets it up; before anything else.
  absl::Status Begin();
  /// Between BEGIN and its end, and no statement has failed.
  bool InTransaction() const;

 private:
  using Result = std::shared_ptr<const pg_result>;
  using Fresh = std::map<std::string, std::string>;  // statements not prepared yet, by name

  bool Send(const Fresh& fresh, const std::vector<Step>& steps);
  Result Receive();
  absl::Status StatusOf(const pg_result* result);
  absl::Status Lost();

  Line line_;
  std::set<std::string, std::less<>> prepared_;
  bool broken_ = false;
};

}  // namespace cartwise::pg
