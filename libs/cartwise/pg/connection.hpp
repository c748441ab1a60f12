#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/pg/query.hpp"
#include "cartwise/pg/rows.hpp"

namespace cartwise::pg {

/// One connection to PostgreSQL; private to the pool. Not thread-safe.
///
/// Statements go as text, `EXECUTE name(literals)`, so that a prelude (BEGIN,
/// the tenant) and the statement share one round trip; libpqxx's own prepared
/// calls cannot carry two statements.
class Connection {
 public:
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& url);
  ~Connection();

  /// Runs `prelude` and the query in one round trip and answers the query's rows.
  absl::StatusOr<Rows> Execute(const std::string& prelude, const Query& query,
                               const std::vector<Param>& params);
  /// Runs SQL text; answers the rows of the last statement.
  absl::StatusOr<Rows> Raw(const std::string& sql);

  /// False when the server has hung up meanwhile.
  bool LooksAlive() const;
  /// True after a failure that leaves the connection unusable.
  bool broken() const { return broken_; }

  std::string Quote(std::string_view text) const;

 private:
  struct State;
  explicit Connection(std::unique_ptr<State> state);
  absl::Status Prepare(const Query& query);

  std::unique_ptr<State> state_;
  std::set<std::string_view> prepared_;
  bool broken_ = false;
};

}  // namespace cartwise::pg
