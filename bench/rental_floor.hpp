#pragma once

#include <string>

#include "cartwise/testing/database.hpp"

namespace cartwise::bench {

/// What PostgreSQL alone makes of the statements that a cycle of assign and return
/// runs, taken from rental-svc's own source: by pgbench, prepared, one transaction each,
/// the tenant set once per connection, in a database that no service knows.
class RentalFloor {
 public:
  enum class Walls { kRowSecurity, kNone };

  /// Each client has a shop of its own.
  RentalFloor(const std::string& chain, int clients);
  ~RentalFloor();

  /// As the role of rental-svc, or as one with the same rights that row security does not hold.
  double CyclesPerSecond(Walls walls, int seconds);

 private:
  testing::Database database_;
  std::string chain_;
  int clients_;
  std::string script_;
};

}  // namespace cartwise::bench
