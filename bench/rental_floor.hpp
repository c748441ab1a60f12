#pragma once

#include <cstdint>
#include <string>

#include "cartwise/testing/database.hpp"

namespace cartwise::bench {

/// What PostgreSQL alone makes of the statements that a cycle of assign and return
/// runs, taken from rental-svc's own source: by pgbench, prepared, one transaction each,
/// the tenant set once per connection, in a database that no service knows.
class RentalFloor {
 public:
  /// Each client has a shop of its own.
  RentalFloor(const std::string& chain, int clients);
  ~RentalFloor();

  /// As the role of rental-svc, which row security holds.
  double CyclesPerSecond(int seconds);

  /// Cycles for a second of the processor time of PostgreSQL's sessions.
  struct Walls {
    double with = 0, without = 0;
  };
  /// Half of the clients as the role of rental-svc, half as one with the same rights that row
  /// security does not hold; both at once, so that the machine is as fast for the ones as for
  /// the others.
  Walls CompareWalls(int seconds);

 private:
  struct Spent {
    int sessions = 0;
    double cpu_seconds = 0;
    int64_t cycles = 0;
  };

  /// By the sessions of a service's role that are open.
  Spent SpentBy(const std::string& service);
  /// pgbench as the role of `service`, whose first client has the shop `first_shop`.
  std::string Pgbench(const std::string& service, int clients, int first_shop, int seconds,
                      const std::string& options) const;

  testing::Database database_;
  std::string chain_;
  int clients_;
  std::string script_;
};

}  // namespace cartwise::bench
