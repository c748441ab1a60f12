#include "storage/by_cart.hpp"

#include <algorithm>
#include <numeric>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {

absl::StatusOr<std::vector<pg::Rows>> OnceEachByCart(pg::Pool& pool, const ChainId& chain,
                                                     absl::Time deadline, const pg::Query& query,
                                                     std::vector<OfCart> each) {
  std::vector<size_t> order(each.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return each[a].cart < each[b].cart; });
  std::vector<std::vector<pg::Param>> in_order;
  for (const size_t i : order) in_order.push_back(std::move(each[i].params));
  CW_ASSIGN_OR_RETURN(const auto rows,
                      pool.OnceEach(pg::Tenant::Of(chain), deadline, query, std::move(in_order)));
  std::vector<pg::Rows> as_given = rows;
  for (size_t i = 0; i < order.size(); ++i) as_given[order[i]] = rows[i];
  return as_given;
}

}  // namespace cartwise::rental
