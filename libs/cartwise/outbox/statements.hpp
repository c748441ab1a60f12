#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "cartwise/pg/query.hpp"

namespace cartwise::outbox {

/// The statements of one schema's outbox.
class Statements {
 public:
  explicit Statements(const std::string& schema);
  Statements(const Statements&) = delete;
  Statements& operator=(const Statements&) = delete;

  pg::Query append, introduce, lock_cursor, next, next_audited, advance, prune;

 private:
  std::deque<std::string> texts_;  // what the queries point into; never moves
};

const Statements& StatementsOf(std::string_view schema);

}  // namespace cartwise::outbox
