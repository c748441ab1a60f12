#pragma once

#include <string>
#include <vector>

#include "harness/fleet.hpp"

namespace cartwise::bench {

/// A branch with its device and board, as the bench set it up.
struct Shop {
  std::string branch, device, controller;
};

/// The shop that belongs to a worker, below 100, and to the client of that number.
Shop ShopOf(int worker);

/// Cycles a second that pgbench makes, connected to `url`, of the very statements that a cycle of
/// assign and return runs (taken from rental-svc's own source), prepared, one
/// transaction each, the tenant set once per connection.
double PgbenchCyclesPerSecond(fleet::Fleet& fleet, const std::string& url, const std::string& chain,
                              int clients, double seconds);

}  // namespace cartwise::bench
