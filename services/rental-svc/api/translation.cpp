#include "api/translation.hpp"

namespace cartwise::rental {

v1::Cart ToProto(const Cart& cart) {
  v1::Cart out;
  out.set_id(cart.id.value());
  out.set_chain_id(cart.chain.value());
  out.set_branch_id(cart.branch.value());
  out.set_controller_id(cart.controller.value());
  out.set_cart_number(cart.cart_number);
  out.set_locker_id(cart.locker_id);
  out.set_status(v1::Cart::Status(int(cart.status) + 1));
  out.set_is_locked(cart.is_locked);
  out.set_online(cart.online);
  if (cart.last_used) *out.mutable_last_used() = ToTimestamp(*cart.last_used);
  out.set_maintenance_notes(cart.maintenance_notes);
  *out.mutable_created_at() = ToTimestamp(cart.created_at);
  *out.mutable_updated_at() = ToTimestamp(cart.updated_at);
  return out;
}

v1::Rental ToProto(const Rental& rental, const std::string& phone) {
  v1::Rental out;
  out.set_id(rental.id.value());
  out.set_chain_id(rental.chain.value());
  out.set_branch_id(rental.branch.value());
  out.set_cart_id(rental.cart.value());
  out.set_cart_number(rental.cart_number);
  out.set_user_phone(phone);
  *out.mutable_start_time() = ToTimestamp(rental.start_time);
  *out.mutable_expected_return() = ToTimestamp(rental.expected_return);
  if (rental.actual_return) *out.mutable_actual_return() = ToTimestamp(*rental.actual_return);
  out.set_status(v1::Rental::Status(int(rental.status) + 1));
  out.set_duration_minutes(rental.DurationMinutes());
  out.set_notes(rental.notes);
  out.set_end_reason(rental.end_reason);
  out.set_ended_by(rental.ended_by);
  *out.mutable_created_at() = ToTimestamp(rental.created_at);
  *out.mutable_updated_at() = ToTimestamp(rental.updated_at);
  return out;
}

static_assert(int(CartStatus::kMaintenance) + 1 == v1::Cart::MAINTENANCE);
static_assert(int(RentalStatus::kOpening) + 1 == v1::Rental::OPENING);
static_assert(int(RentalStatus::kReturnedLate) + 1 == v1::Rental::RETURNED_LATE);
static_assert(int(RentalStatus::kCancelled) + 1 == v1::Rental::CANCELLED);

std::optional<CartStatus> FromProto(v1::Cart::Status status) {
  if (status == v1::Cart::STATUS_UNSPECIFIED) return std::nullopt;
  return CartStatus(int(status) - 1);
}

std::optional<RentalStatus> FromProto(v1::Rental::Status status) {
  if (status == v1::Rental::STATUS_UNSPECIFIED) return std::nullopt;
  return RentalStatus(int(status) - 1);
}

}  // namespace cartwise::rental
