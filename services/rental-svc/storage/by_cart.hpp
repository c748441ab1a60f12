#pragma once

#include <vector>

#include "cartwise/pg/pool.hpp"
#include "domain/rental.hpp"

namespace cartwise::rental {

/// The parameters of a statement, and the cart whose rows it locks.
struct OfCart {
  CartId cart;
  std::vector<pg::Param> params;
};

/// pg::Pool::OnceEach in the order of the carts: those who lock the rows of many never wait for
/// each other crosswise. The rows of each, in the order in which they are given.
absl::StatusOr<std::vector<pg::Rows>> OnceEachByCart(pg::Pool& pool, const ChainId& chain,
                                                     absl::Time deadline, const pg::Query& query,
                                                     std::vector<OfCart> each);

}  // namespace cartwise::rental
