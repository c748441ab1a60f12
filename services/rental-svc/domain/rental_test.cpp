#include "domain/rental.hpp"

#include <set>
#include <utility>

#include <catch2/catch.hpp>

namespace cartwise::rental {
namespace {

using S = RentalStatus;

TEST_CASE("a rental goes only along the written ways", "[rental]") {
  const std::set<std::pair<S, S>> ways = {
      {S::kOpening, S::kUnconfirmed},   {S::kOpening, S::kActive},
      {S::kOpening, S::kOverdue},       {S::kOpening, S::kReturned},
      {S::kOpening, S::kReturnedLate},  {S::kOpening, S::kNotOpened},
      {S::kOpening, S::kNotTaken},      {S::kOpening, S::kCancelled},
      {S::kUnconfirmed, S::kActive},    {S::kUnconfirmed, S::kOverdue},
      {S::kUnconfirmed, S::kReturned},  {S::kUnconfirmed, S::kReturnedLate},
      {S::kUnconfirmed, S::kNotOpened}, {S::kUnconfirmed, S::kNotTaken},
      {S::kUnconfirmed, S::kCancelled}, {S::kActive, S::kOverdue},
      {S::kActive, S::kReturned},       {S::kActive, S::kReturnedLate},
      {S::kActive, S::kNotTaken},       {S::kOverdue, S::kReturned},
      {S::kOverdue, S::kReturnedLate},  {S::kOverdue, S::kNotTaken},
  };
  for (int from = 0; from <= int(S::kCancelled); ++from) {
    for (int to = 0; to <= int(S::kCancelled); ++to) {
      CAPTURE(Name(S(from)), Name(S(to)));
      CHECK(MayBecome(S(from), S(to)) == ways.contains({S(from), S(to)}));
    }
  }
}

TEST_CASE("names and values of states are each other's", "[rental]") {
  for (int i = 0; i <= int(S::kCancelled); ++i) CHECK(RentalStatusFromName(Name(S(i))) == S(i));
  for (int i = 0; i <= int(CartStatus::kMaintenance); ++i) {
    CHECK(CartStatusFromName(Name(CartStatus(i))) == CartStatus(i));
  }
  CHECK_FALSE(RentalStatusFromName("BROKEN").has_value());
}

TEST_CASE("whole minutes count, and none while the cart is out", "[rental]") {
  Rental rental;
  rental.start_time = absl::FromUnixSeconds(1'000);
  CHECK(rental.DurationMinutes() == 0);
  rental.actual_return = rental.start_time + absl::Seconds(119);
  CHECK(rental.DurationMinutes() == 1);
}

TEST_CASE("the answer of an assignment is the rental as it opened, whatever came later",
          "[rental]") {
  Rental rental;
  rental.status = S::kReturned;
  rental.opened_at = absl::FromUnixSeconds(10);
  rental.actual_return = absl::FromUnixSeconds(20);
  rental.end_reason = "HOOK_CLOSED";
  rental.ended_by = "device:x";

  const Rental then = rental.AsOpened();

  CHECK(then.status == S::kActive);
  CHECK_FALSE(then.actual_return.has_value());
  CHECK(then.end_reason.empty());
  CHECK(then.ended_by.empty());
  CHECK(then.updated_at == *rental.opened_at);
}

}  // namespace
}  // namespace cartwise::rental
