#pragma once

#include <string>

#include "cartwise/testing/database.hpp"

namespace cartwise::bench {

/// A branch with its device, board and sixteen carts.
struct Shop {
  std::string branch, device, controller;
};

/// The shop that belongs to a worker, below 100.
Shop ShopOf(int worker);

/// Puts the shops of workers 0 to `count` - 1 where other services' news would have put them.
void OpenShops(testing::Database& database, const std::string& chain, int count);

}  // namespace cartwise::bench
