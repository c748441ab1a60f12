#pragma once

#include <set>
#include <string>

#include "cartwise/pg/pool.hpp"

namespace cartwise::testing {

/// Fails the test for each statement that `pool` has run in its newest connection whose plan
/// enters an index past a column which it does not bind, or reads a table or an index without any
/// condition: such a scan reads every entry under the columns before it. PostgreSQL plans one where
/// a table is so small that it costs no more than the right one, and keeps the plan while the table
/// grows. `meant` are the statements that read widely on purpose, and the tables and indexes that
/// may be read whole.
void CheckPlans(pg::Pool& pool, const std::string& schema, const std::set<std::string>& meant);

}  // namespace cartwise::testing
