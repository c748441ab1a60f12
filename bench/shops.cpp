#include "shops.hpp"

#include <absl/strings/str_format.h>
#include <absl/strings/substitute.h>

namespace cartwise::bench {

Shop ShopOf(int worker) {
  const auto id = [&](char kind) {
    return absl::StrFormat("0000000%c-0000-7000-8000-0000000000%02d", kind, worker);
  };
  return {id('1'), id('2'), id('3')};
}

void OpenShops(testing::Database& database, const std::string& chain, int count) {
  std::string sql =
      "INSERT INTO rental.chains VALUES ('" + chain + "', true, now()) ON CONFLICT DO NOTHING;";
  for (int worker = 0; worker < count; ++worker) {
    const Shop shop = ShopOf(worker);
    sql += absl::Substitute(
        "INSERT INTO rental.branches (chain_id, branch_id, active, changed_at)"
        " VALUES ('$0', '$1', true, now());"
        "INSERT INTO rental.devices (chain_id, branch_id, device_id, online, changed_at)"
        " VALUES ('$0', '$1', '$2', true, now());"
        "INSERT INTO rental.controllers (chain_id, branch_id, device_id, controller_id, online,"
        " changed_at) VALUES ('$0', '$1', '$2', '$3', true, now());"
        "INSERT INTO rental.carts (chain_id, branch_id, controller_id, id, cart_number, locker_id)"
        " SELECT '$0', '$1', '$3', gen_random_uuid(), n, n FROM generate_series(1, 16) n;",
        chain, shop.branch, shop.device, shop.controller);
  }
  database.Sql(sql);
}

}  // namespace cartwise::bench
