#include "cartwise/testing/plans.hpp"

#include <regex>

#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <catch2/catch.hpp>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::testing {
namespace {

constexpr pg::Query kStatements{"plans_statements", R"sql(
  SELECT name, coalesce(cardinality(parameter_types), 0) AS parameters FROM pg_prepared_statements
   WHERE NOT from_sql AND name NOT LIKE 'plans_%' AND name NOT LIKE 'pg_%' ORDER BY name)sql"};

constexpr pg::Query kColumns{"plans_columns", R"sql(
  SELECT string_agg(a.attname, ',' ORDER BY a.attnum) AS columns
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'i' AND c.relname = $1 AND n.nspname = $2)sql"};

// The columns that a condition of an index names.
std::set<std::string> Bound(const std::string& condition) {
  static const std::regex kColumn(R"(\(ROW\((\w+)|\((\w+) (=|<|>|IS))");
  std::set<std::string> columns;
  for (std::sregex_iterator it(condition.begin(), condition.end(), kColumn), end; it != end; ++it) {
    columns.insert((*it)[1].matched ? (*it)[1] : (*it)[2]);
  }
  return columns;
}

bool EntersAtTheFront(const std::set<std::string>& bound, const std::string& columns) {
  size_t leading = 0;
  for (const absl::string_view column : absl::StrSplit(columns, ',')) {
    if (!bound.contains(std::string(column))) break;
    ++leading;
  }
  return leading == bound.size();
}

absl::StatusOr<std::string> Plan(pg::Transaction& tx, const std::string& name, int64_t parameters) {
  const std::string explain =
      absl::StrCat("EXPLAIN EXECUTE ", name, parameters == 0 ? "" : "(",
                   absl::StrJoin(std::vector<std::string>(size_t(parameters), "NULL"), ","),
                   parameters == 0 ? "" : ")");
  const std::string own_name = "plans_of_" + name;
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx.Run(pg::Query{own_name, explain}));
  std::string plan;
  for (const pg::Row row : rows) absl::StrAppend(&plan, row.Text("\"QUERY PLAN\""), "\n");
  return plan;
}

}  // namespace

void CheckPlans(pg::Pool& pool, const std::string& schema, const std::set<std::string>& meant) {
  static const std::regex kScan(
      R"((?:Index (?:Only )?Scan (?:Backward )?(?:using|on)|Seq Scan on) (\w+).*\n)"
      R"(( *Index Cond: (.*)\n)?)");
  const absl::Status looked = pool.Transact(
      pg::Tenant::Platform(), absl::InfiniteFuture(), [&](pg::Transaction& tx) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const pg::Rows statements, tx.Run(kStatements));
        for (const pg::Row statement : statements) {
          const std::string name = statement.Text("name");
          if (meant.contains(name)) continue;
          CW_ASSIGN_OR_RETURN(const std::string plan, Plan(tx, name, statement.Int("parameters")));
          for (std::sregex_iterator it(plan.begin(), plan.end(), kScan), end; it != end; ++it) {
            const std::string index = (*it)[1], condition = (*it)[3];
            if (condition.empty()) {
              if (!meant.contains(index)) FAIL_CHECK(name << " reads all of " << index);
              continue;
            }
            CW_ASSIGN_OR_RETURN(const pg::Rows columns, tx.Run(kColumns, index, schema));
            if (!EntersAtTheFront(Bound(condition), columns.front().Text("columns"))) {
              FAIL_CHECK(name << " enters " << index << " by " << condition);
            }
          }
        }
        return absl::OkStatus();
      });
  CHECK(looked.ToString() == "OK");
}

}  // namespace cartwise::testing
