#pragma once

#include <memory>
#include <string>

#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/pool.hpp"

namespace cartwise::testing {

/// A fresh, migrated database of a real PostgreSQL for one test; dropped at the
/// end. The server is named by CARTWISE_TEST_DATABASE_URL (superuser), which
/// `./cartwise test` sets; the database is a copy of `cartwise_template`.
class Database {
 public:
  Database();
  ~Database();

  /// URL of the database as the runtime role of a service ("tenant").
  std::string UrlOf(const std::string& service) const;
  /// URL as superuser, for looking and arranging.
  std::string SuperUrl() const;
  /// A pool as the runtime role.
  std::unique_ptr<pg::Pool> PoolOf(const std::string& service, int connections = 4);
  /// The same, whose statements a stranger tries first (OpenBesideStranger).
  std::unique_ptr<pg::Pool> PoolBesideStranger(const std::string& service, int connections = 4);
  /// Runs SQL as superuser; aborts on failure. Rows of the last statement.
  pg::Rows Sql(const std::string& sql);
  /// Returns once so many sessions of the database wait for somebody's lock.
  void AwaitLockWaits(int sessions = 1);

  obs::Metrics metrics;

 private:
  std::string name_;
};

}  // namespace cartwise::testing
