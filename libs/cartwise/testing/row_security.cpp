#include "cartwise/testing/row_security.hpp"

#include <map>
#include <utility>

#include <absl/strings/str_cat.h>
#include <catch2/catch.hpp>

#include "cartwise/pg/connection.hpp"

namespace cartwise::testing {
namespace {

std::string Quoted(const ChainId& chain) {
  return "'" + chain.value() + "'::uuid";
}

// Row security, a right that is missing and the audit log's trigger all say insufficient_privilege.
bool IsKeptOut(const absl::Status& status) {
  return status.message().find("[42501]") != std::string::npos;
}

/// The tables of one schema, as its service reaches them.
class Sweep {
 public:
  Sweep(Database& database, const std::string& service, ChainId own, ChainId foreign)
      : database_(database),
        app_(pg::Connection::Open(database.UrlOf(service)).value()),
        own_(std::move(own)),
        foreign_(std::move(foreign)) {
    // Without what the database writes itself.
    for (const pg::Row row : database.Sql(absl::StrCat(R"sql(
           SELECT c.oid::regclass::text AS name,
                  coalesce(string_agg(', ' || quote_ident(a.attname), '' ORDER BY a.attnum)
                    FILTER (WHERE a.attgenerated = '' AND a.attidentity = ''
                              AND a.attname <> 'chain_id'), '') AS others
             FROM pg_class c
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relnamespace = ')sql",
                                                       service, R"sql('::regnamespace
              AND c.relkind IN ('r', 'p') AND NOT c.relispartition
            GROUP BY c.oid HAVING bool_or(a.attname = 'chain_id') ORDER BY 1)sql"))) {
      others_[row.Text("name")] = row.Text("others");
    }
    REQUIRE(others_.size() > 1);
    for (const auto& [table, others] : others_) {
      INFO(table << " has no row of both chains");
      REQUIRE(RowsOf(own_, table) > 0);
      REQUIRE(RowsOf(foreign_, table) > 0);
      foreign_rows_[table] = RowsOf(foreign_, table);
    }
  }

  void AsNobody() {
    Run("BEGIN");
    for (const auto& [table, others] : others_) {
      CAPTURE(table);
      CHECK(Seen(table) == 0);
      CHECK(Touched("UPDATE " + table + " SET chain_id = chain_id") <= 0);
      CHECK(Touched("DELETE FROM " + table) <= 0);
    }
    Run("ROLLBACK");
  }

  void AsOwner() {
    BeginAsOwner();
    for (const auto& [table, others] : others_) {
      CAPTURE(table);
      const int64_t rows = RowsOf(own_, table);
      CHECK(Seen(table) == rows);
      CHECK(Seen(table + " WHERE chain_id = " + Quoted(foreign_)) == 0);
      const int64_t changed = Touched("UPDATE " + table + " SET chain_id = chain_id");
      CHECK((changed == rows || changed == kMayNot));
      KeptOut("UPDATE " + table + " SET chain_id = " + Quoted(foreign_));
      KeptOut(absl::StrCat("INSERT INTO ", table, " (chain_id", others, ") SELECT ",
                           Quoted(foreign_), others, " FROM ", table, " LIMIT 1"));
    }
    Run("ROLLBACK");
  }

  void Emptied() {
    BeginAsOwner();
    // Children go before their parents, in whatever order that is.
    std::map<std::string, std::string> left = others_;
    for (size_t before = 0; before != left.size();) {
      before = left.size();
      std::erase_if(left, [&](const auto& table) {
        const int64_t deleted = Touched("DELETE FROM " + table.first);
        return deleted >= 0 || deleted == kMayNot;
      });
    }
    CHECK(left.empty());
    Run("COMMIT");
    for (const auto& [table, others] : others_) {
      CAPTURE(table);
      CHECK(RowsOf(foreign_, table) == foreign_rows_[table]);
    }
  }

 private:
  static constexpr int64_t kFailed = -1, kMayNot = -2;

  void BeginAsOwner() {
    Run("BEGIN");
    Run("SELECT set_config('cartwise.chain_id', '" + own_.value() + "', true)");
  }

  void Run(const std::string& sql) {
    const auto done = app_->Raw(sql);
    INFO(sql << ": " << done.status().ToString());
    REQUIRE(done.ok());
  }

  // A statement that may fail without ending the transaction.
  absl::StatusOr<pg::Rows> Try(const std::string& sql) {
    Run("SAVEPOINT s");
    auto done = app_->Raw(sql);
    if (!done.ok()) Run("ROLLBACK TO SAVEPOINT s");
    return done;
  }

  int64_t Touched(const std::string& sql) {
    const auto done = Try(sql);
    if (done.ok()) return done->affected();
    return IsKeptOut(done.status()) ? kMayNot : kFailed;
  }

  void KeptOut(const std::string& sql) {
    const absl::Status done = Try(sql).status();
    INFO(sql << ": " << done.ToString());
    CHECK(IsKeptOut(done));
  }

  int64_t Seen(const std::string& from) {
    const auto rows = app_->Raw("SELECT count(*) AS n FROM " + from);
    INFO(from << ": " << rows.status().ToString());
    REQUIRE(rows.ok());
    return rows->front().Int("n");
  }

  int64_t RowsOf(const ChainId& chain, const std::string& table) {
    const std::string sql =
        "SELECT count(*) AS n FROM " + table + " WHERE chain_id = " + Quoted(chain);
    return database_.Sql(sql).front().Int("n");
  }

  Database& database_;
  const std::unique_ptr<pg::Connection> app_;
  const ChainId own_, foreign_;
  std::map<std::string, std::string> others_;  ///< the other columns of each table, each after ", "
  std::map<std::string, int64_t> foreign_rows_;
};

}  // namespace

void CheckRowSecurity(Database& database, const std::string& service, const ChainId& own,
                      const ChainId& foreign) {
  Sweep sweep(database, service, own, foreign);
  sweep.AsNobody();
  sweep.AsOwner();
  sweep.Emptied();
}

}  // namespace cartwise::testing
