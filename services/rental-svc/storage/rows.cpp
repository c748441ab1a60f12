#include "storage/rows.hpp"

namespace cartwise::rental {

Rental ReadRental(const pg::Row& row) {
  Rental rental;
  rental.id = row.As<RentalId>("id");
  rental.chain = row.As<ChainId>("chain_id");
  rental.branch = row.As<BranchId>("branch_id");
  rental.cart = row.As<CartId>("cart_id");
  rental.cart_number = static_cast<int>(row.Int("cart_number"));
  rental.controller = row.As<ControllerId>("controller_id");
  rental.locker_id = static_cast<int>(row.Int("locker_id"));
  rental.device = row.As<DeviceId>("device_id");
  rental.phone_masked = row.Text("phone_masked");
  rental.phone_sealed = row.Bytes("phone_sealed");
  // A check constraint holds the names.
  rental.status = *RentalStatusFromName(row.Text("status"));
  rental.attempt = static_cast<int>(row.Int("attempt"));
  rental.start_time = row.Time("start_time");
  rental.expected_return = row.Time("expected_return");
  rental.opened_at = row.OptTime("opened_at");
  rental.opened_sequence = row.OptInt("opened_sequence");
  rental.opened_device_time = row.OptTime("opened_device_time");
  rental.actual_return = row.OptTime("actual_return");
  rental.notes = row.Text("notes");
  rental.end_reason = row.Text("end_reason");
  rental.ended_by = row.Text("ended_by");
  rental.created_at = row.Time("created_at");
  rental.updated_at = row.Time("updated_at");
  return rental;
}

Cart ReadCart(const pg::Row& row) {
  Cart cart;
  cart.id = row.As<CartId>("id");
  cart.chain = row.As<ChainId>("chain_id");
  cart.branch = row.As<BranchId>("branch_id");
  cart.controller = row.As<ControllerId>("controller_id");
  cart.cart_number = static_cast<int>(row.Int("cart_number"));
  cart.locker_id = static_cast<int>(row.Int("locker_id"));
  cart.status = *CartStatusFromName(row.Text("status"));
  cart.is_locked = row.Bool("is_locked");
  cart.online = row.Bool("online");
  cart.last_used = row.OptTime("last_used");
  cart.maintenance_notes = row.Text("maintenance_notes");
  cart.created_at = row.Time("created_at");
  cart.updated_at = row.Time("updated_at");
  return cart;
}

}  // namespace cartwise::rental
