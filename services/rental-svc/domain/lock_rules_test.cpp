#include "domain/lock_rules.hpp"

#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

using S = RentalStatus;

const absl::Time kStart = absl::FromUnixSeconds(1'780'000'000);
const absl::Duration kGrace = absl::Seconds(10);

Rental RentalIn(S status) {
  Rental rental;
  rental.id = RentalId("0190a000-0000-7000-8000-000000000001");
  rental.status = status;
  rental.start_time = kStart;
  rental.expected_return = kStart + absl::Hours(2);
  if (status == S::kActive || status == S::kOverdue) rental.opened_at = kStart;
  return rental;
}

LockView Rented(S status) {
  LockView view;
  view.status = CartStatus::kInUse;
  view.is_locked = false;
  view.rental = RentalIn(status);
  return view;
}

LockChange At(absl::Duration after_start, bool closed) {
  LockChange change;
  change.device = DeviceId("0190a000-0000-7000-8000-00000000000d");
  change.closed = closed;
  change.occurred_at = kStart + after_start;
  change.sequence = 7;
  return change;
}

Verdict Close(const LockView& view, const LockChange& change) {
  return JudgeClosing(view, change, kGrace, kStart + absl::Hours(24));
}

Verdict Open(const LockView& view, const LockChange& change) {
  return JudgeOpening(view, change, kStart + absl::Hours(24));
}

TEST_CASE("a cart that is pushed in ends its rental when the Pi saw it", "[lock]") {
  const Verdict verdict = Close(Rented(S::kActive), At(absl::Minutes(30), true));
  CHECK(verdict.rental == Verdict::OfRental::kEnd);
  CHECK(verdict.end_status == S::kReturned);
  CHECK(verdict.at == kStart + absl::Minutes(30));
  CHECK(verdict.cart_status == CartStatus::kAvailable);
  CHECK(verdict.is_locked == true);
  CHECK(verdict.ended_by == "device:0190a000-0000-7000-8000-00000000000d");
}

TEST_CASE("a hook that closed on nothing ends no rental, but its shopper may now", "[lock]") {
  LockChange empty = At(absl::Minutes(30), true);
  empty.item_present = false;
  const Verdict verdict = Close(Rented(S::kActive), empty);
  CHECK(verdict.rental == Verdict::OfRental::kLeave);
  CHECK(verdict.is_locked == true);
  CHECK_FALSE(verdict.cart_status.has_value());

  CHECK(Close(LockView(), empty).Nothing());  // nobody rents it: nothing is given out
  empty.occurred_at = kStart - absl::Seconds(1);
  CHECK(Close(Rented(S::kActive), empty).Nothing());
}

TEST_CASE("late is past the expected return plus the time the device was away", "[lock]") {
  LockView view = Rented(S::kOverdue);
  CHECK(Close(view, At(absl::Hours(3), true)).end_status == S::kReturnedLate);
  view.offline_credit = absl::Hours(1);
  CHECK(Close(view, At(absl::Hours(3), true)).end_status == S::kReturned);
  CHECK(Close(view, At(absl::Hours(3) + absl::Seconds(1), true)).end_status == S::kReturnedLate);
}

TEST_CASE("a cart that never left was not taken", "[lock]") {
  const auto [item, after, expected] = GENERATE(table<ItemLeft, int, S>({
      {ItemLeft::kUnknown, 9, S::kNotTaken},
      {ItemLeft::kUnknown, 11, S::kReturned},
      {ItemLeft::kNo, 3600, S::kNotTaken},
      {ItemLeft::kYes, 2, S::kReturned},
  }));
  LockChange change = At(absl::Seconds(after), true);
  change.item_left = item;
  CHECK(Close(Rented(S::kActive), change).end_status == expected);
}

TEST_CASE("word from before the rental is set aside", "[lock]") {
  const Verdict verdict = Close(Rented(S::kActive), At(-absl::Minutes(1), true));
  CHECK(verdict.rental == Verdict::OfRental::kLeave);
  CHECK(verdict.set_aside == "CLOSED_BEFORE_START");
  CHECK_FALSE(verdict.is_locked.has_value());
}

TEST_CASE("a Pi whose clock is an hour slow still ends its rental, after the true time", "[lock]") {
  // Opened 5 s after the start, closed 20 min later, by a clock an hour behind.
  LockView view = Rented(S::kOpening);
  LockChange opening = At(-absl::Hours(1) + absl::Seconds(5), false);
  opening.command = view.rental->Command();
  const Verdict opened = JudgeOpening(view, opening, kStart + absl::Seconds(5));
  REQUIRE(opened.rental == Verdict::OfRental::kActivate);
  REQUIRE(opened.clock_is_off);

  view = Rented(S::kActive);
  view.rental->opened_at = opened.at;
  view.rental->opened_sequence = opening.sequence;
  view.rental->opened_device_time = opening.occurred_at;
  LockChange closing = At(-absl::Hours(1) + absl::Seconds(5) + absl::Minutes(20), true);
  closing.sequence = opening.sequence + 1;
  const Verdict closed = Close(view, closing);

  CHECK(closed.end_status == S::kReturned);
  CHECK(closed.at == *opened.at + absl::Minutes(20));
}

TEST_CASE("a rental never ends in the future", "[lock]") {
  const absl::Time now = kStart + absl::Minutes(1);
  const Verdict verdict = JudgeClosing(Rented(S::kActive), At(absl::Hours(5), true), kGrace, now);
  CHECK(verdict.at == now);
}

TEST_CASE("a hook that closes where nobody rents is an event to explain", "[lock]") {
  LockView view;
  view.is_locked = false;
  Verdict verdict = Close(view, At(absl::Minutes(1), true));
  CHECK(verdict.rental == Verdict::OfRental::kLeave);
  CHECK(verdict.cart_event == "cart.unexplained_close");
  CHECK(verdict.is_locked == true);

  view.staff_unlock = CommandId("0190a000-0000-7000-8000-000000000009");
  verdict = Close(view, At(absl::Minutes(1), true));
  CHECK(verdict.cart_event.empty());
  CHECK(verdict.closes_staff_unlock);
}

TEST_CASE("an opening proves the rental that is in doubt", "[lock]") {
  const S status = GENERATE(S::kOpening, S::kUnconfirmed);
  LockView view = Rented(status);
  LockChange change = At(absl::Seconds(1), false);
  if (status == S::kOpening) change.command = view.rental->Command();
  const Verdict verdict = Open(view, change);
  CHECK(verdict.rental == Verdict::OfRental::kActivate);
  CHECK(verdict.at == kStart + absl::Seconds(1));
  CHECK(verdict.is_locked == false);
}

TEST_CASE("the opening of a rental that is out already changes nothing", "[lock]") {
  const LockView view = Rented(S::kActive);
  LockChange change = At(absl::Seconds(1), false);
  change.command = view.rental->Command();
  CHECK(Open(view, change).Nothing());
}

TEST_CASE("another command's opening does not prove this rental", "[lock]") {
  LockChange change = At(absl::Seconds(1), false);
  change.command = CommandId("0190a000-0000-7000-8000-0000000000ff");
  CHECK(Open(Rented(S::kUnconfirmed), change).set_aside == "OPENED_BY_OTHER_COMMAND");
}

TEST_CASE("an opening that nothing explains is an alarm and the cart is out of service", "[lock]") {
  const Verdict verdict = Open(LockView(), At(absl::Seconds(1), false));
  CHECK(verdict.cart_event == "cart.forced_open");
  CHECK(verdict.cart_status == CartStatus::kMaintenance);
  CHECK(verdict.is_locked == false);
}

TEST_CASE("an opening by staff is no alarm", "[lock]") {
  LockView view;
  view.staff_unlock = CommandId("0190a000-0000-7000-8000-000000000009");
  LockChange change = At(absl::Seconds(1), false);
  if (GENERATE(true, false)) change.command = view.staff_unlock;
  const Verdict verdict = Open(view, change);
  CHECK(verdict.cart_event.empty());
  CHECK_FALSE(verdict.cart_status.has_value());
  CHECK(verdict.is_locked == false);
}

TEST_CASE("a rental that was given up and opens after all is an alarm", "[lock]") {
  LockView view;
  LockChange change = At(absl::Seconds(1), false);
  change.command = CommandId("0190a000-0000-7000-8000-000000000001");
  view.ended_rental_opened = false;
  CHECK(Open(view, change).cart_event == "cart.forced_open");
  view.ended_rental_opened = true;  // told again, long after its return
  CHECK(Open(view, change).Nothing());
}

TEST_CASE("what was dealt with before changes nothing", "[lock]") {
  LockView view = Rented(S::kActive);
  view.seen = true;
  CHECK(Close(view, At(absl::Minutes(30), true)).Nothing());
  view.rental.reset();
  CHECK(Open(view, At(absl::Minutes(30), false)).Nothing());
}

}  // namespace
}  // namespace cartwise::rental
