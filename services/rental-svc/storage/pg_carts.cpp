#include "cartwise/base/audit.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "cartwise/pg/connection.hpp"
#include "domain/reasons.hpp"
#include "storage/pg_store.hpp"
#include "storage/rows.hpp"

namespace cartwise::rental {
namespace sql {

inline constexpr pg::Query kFindBranch{"rental_find_branch", R"sql(
  SELECT b.chain_id, b.active AND coalesce(c.active, true) AS active, b.time_zone
    FROM rental.branches b LEFT JOIN rental.chains c ON c.chain_id = b.chain_id
   WHERE b.branch_id = $1::uuid AND NOT b.deleted)sql"};

inline constexpr pg::Query kFindController{"rental_find_controller", R"sql(
  SELECT k.device_id, k.online FROM rental.controllers k
   WHERE k.chain_id = $1::uuid AND k.controller_id = $2::uuid AND k.branch_id = $3::uuid
     AND NOT k.deleted)sql"};

#define FROM_CARTS                                                    \
  " FROM rental.carts c JOIN rental.controllers k"                    \
  " ON k.chain_id = c.chain_id AND k.controller_id = c.controller_id" \
  " WHERE c.chain_id = $1::uuid AND c.deleted_at IS NULL"

inline constexpr pg::Query kListCarts{
    "rental_list_carts", "SELECT " CART_COLUMNS FROM_CARTS
                         " AND c.branch_id = $2::uuid AND ($3::text IS NULL OR c.status = $3)"
                         " AND c.cart_number > $4::integer ORDER BY c.cart_number LIMIT $5"};

inline constexpr pg::Query kFindCart{"rental_find_cart", "SELECT " CART_COLUMNS FROM_CARTS
                                                         " AND c.branch_id = $2::uuid"
                                                         " AND c.id = $3::uuid"};

inline constexpr pg::Query kLockCart{"rental_lock_cart", "SELECT " CART_COLUMNS FROM_CARTS
                                                         " AND c.branch_id = $2::uuid"
                                                         " AND c.id = $3::uuid FOR UPDATE OF c"};

inline constexpr pg::Query kFindClashes{
    "rental_find_clashes",
    "SELECT " CART_COLUMNS FROM_CARTS
    " AND ((c.branch_id = $2::uuid AND c.cart_number = ANY($3::integer[]))"
    " OR (c.controller_id = $4::uuid AND c.locker_id = ANY($5::integer[])))"};

inline constexpr pg::Query kInsertCart{"rental_insert_cart", R"sql(
  INSERT INTO rental.carts (chain_id, id, branch_id, controller_id, cart_number, locker_id)
  VALUES ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5, $6))sql"};

inline constexpr pg::Query kUpdateCart{"rental_update_cart", R"sql(
  UPDATE rental.carts SET controller_id = $3::uuid, cart_number = $4, locker_id = $5, status = $6,
         maintenance_notes = $7, updated_at = now()
   WHERE chain_id = $1::uuid AND id = $2::uuid)sql"};

inline constexpr pg::Query kDeleteCart{"rental_delete_cart", R"sql(
  UPDATE rental.carts SET deleted_at = now(), updated_at = now()
   WHERE chain_id = $1::uuid AND id = $2::uuid)sql"};

inline constexpr pg::Query kAnnounceCart{"rental_announce_cart", R"sql(
  INSERT INTO rental.outbox (chain_id, event_id, branch_id, device_id, type, subject, occurred_at,
                             payload, trace_id, audit)
  SELECT c.chain_id, $3::uuid, c.branch_id, k.device_id, $4, c.id, now(), rental.cart_payload(c),
         $5, $6::jsonb
    FROM rental.carts c JOIN rental.controllers k
      ON k.chain_id = c.chain_id AND k.controller_id = c.controller_id
   WHERE c.chain_id = $1::uuid AND c.id = $2::uuid)sql"};

}  // namespace sql

namespace {

std::vector<Cart> ReadCarts(const pg::Rows& rows) {
  std::vector<Cart> carts;
  for (const pg::Row row : rows) carts.push_back(ReadCart(row));
  return carts;
}

absl::StatusOr<Cart> OneCart(const absl::StatusOr<pg::Rows>& rows) {
  CW_RETURN_IF_ERROR(rows.status());
  if (rows->empty()) return errors::NotFound(reasons::kCartNotFound, "there is no such cart");
  return ReadCart(rows->front());
}

// Somebody else made the same cart since we looked.
absl::Status Named(const absl::Status& status) {
  if (!absl::IsAlreadyExists(status)) return status;
  if (pg::ViolatedConstraint(status) == "carts_one_per_locker") {
    return errors::Refuse(absl::StatusCode::kAlreadyExists, reasons::kLockerTaken,
                          "the locker is taken already");
  }
  return errors::Refuse(absl::StatusCode::kAlreadyExists, reasons::kCartNumberTaken,
                        "the cart number is taken already");
}

}  // namespace

absl::StatusOr<Branch> PgStore::FindBranch(const BranchId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kFindBranch, id));
  if (rows.empty()) return reasons::BranchNotFound();
  const pg::Row row = rows.front();
  return Branch{.chain = row.As<ChainId>("chain_id"),
                .id = id,
                .active = row.Bool("active"),
                .time_zone = row.Text("time_zone")};
}

absl::StatusOr<Controller> PgStore::FindController(const Branch& branch, const ControllerId& id) {
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      tx_.Run(sql::kFindController, branch.chain, id, branch.id));
  if (rows.empty()) {
    return errors::NotFound(reasons::kControllerNotFound, "there is no such controller");
  }
  return Controller{.id = id,
                    .branch = branch.id,
                    .device = rows.front().As<DeviceId>("device_id"),
                    .online = rows.front().Bool("online")};
}

absl::StatusOr<std::vector<Cart>> PgStore::ListCarts(const Branch& branch,
                                                     std::optional<CartStatus> status,
                                                     const PageRequest& page) {
  const std::optional<std::string> wanted =
      status ? std::optional<std::string>(Name(*status)) : std::nullopt;
  const std::string after = page.after.empty() ? "0" : page.after[0];
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kListCarts, branch.chain, branch.id, wanted,
                                                   after, page.size + 1));
  return ReadCarts(rows);
}

absl::StatusOr<Cart> PgStore::FindCart(const Branch& branch, const CartId& id) {
  return OneCart(tx_.Run(sql::kFindCart, branch.chain, branch.id, id));
}

absl::StatusOr<Cart> PgStore::LockCart(const Branch& branch, const CartId& id) {
  return OneCart(tx_.Run(sql::kLockCart, branch.chain, branch.id, id));
}

absl::StatusOr<std::vector<Cart>> PgStore::FindClashes(const Branch& branch,
                                                       const std::vector<Cart>& wanted) {
  std::vector<std::string> numbers, lockers;
  for (const Cart& cart : wanted) {
    numbers.push_back(std::to_string(cart.cart_number));
    lockers.push_back(std::to_string(cart.locker_id));
  }
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, tx_.Run(sql::kFindClashes, branch.chain, branch.id,
                                                   numbers, wanted.front().controller, lockers));
  return ReadCarts(rows);
}

absl::Status PgStore::InsertCart(const Cart& cart) {
  return Named(tx_.Run(sql::kInsertCart, cart.chain, cart.id, cart.branch, cart.controller,
                       cart.cart_number, cart.locker_id)
                   .status());
}

absl::Status PgStore::UpdateCart(const Cart& cart) {
  return Named(tx_.Run(sql::kUpdateCart, cart.chain, cart.id, cart.controller, cart.cart_number,
                       cart.locker_id, Name(cart.status), cart.maintenance_notes)
                   .status());
}

absl::Status PgStore::DeleteCart(const Cart& cart) {
  return tx_.Run(sql::kDeleteCart, cart.chain, cart.id).status();
}

absl::Status PgStore::Announce(const std::string& type, const Cart& cart, const Caller& caller) {
  return tx_
      .Run(sql::kAnnounceCart, cart.chain, cart.id, NewUuid(), type, caller.trace_id,
           outbox::AuditColumn(AuditOf(caller)))
      .status();
}

}  // namespace cartwise::rental
