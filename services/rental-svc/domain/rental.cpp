#include "domain/rental.hpp"

#include <array>

namespace cartwise::rental {
namespace {

constexpr std::array<std::string_view, 9> kRentalNames = {
    "OPENING",       "UNCONFIRMED", "ACTIVE",    "OVERDUE",  "RETURNED",
    "RETURNED_LATE", "NOT_OPENED",  "NOT_TAKEN", "CANCELLED"};
constexpr std::array<std::string_view, 3> kCartNames = {"AVAILABLE", "IN_USE", "MAINTENANCE"};

}  // namespace

std::string Name(RentalStatus status) {
  return std::string(kRentalNames[size_t(status)]);
}

std::optional<RentalStatus> RentalStatusFromName(std::string_view name) {
  for (size_t i = 0; i < kRentalNames.size(); ++i) {
    if (kRentalNames[i] == name) return RentalStatus(i);
  }
  return std::nullopt;
}

std::string Name(CartStatus status) {
  return std::string(kCartNames[size_t(status)]);
}

std::optional<CartStatus> CartStatusFromName(std::string_view name) {
  for (size_t i = 0; i < kCartNames.size(); ++i) {
    if (kCartNames[i] == name) return CartStatus(i);
  }
  return std::nullopt;
}

bool MayBecome(RentalStatus from, RentalStatus to) {
  using S = RentalStatus;
  switch (from) {
    case S::kOpening:
      return to != S::kOpening;
    case S::kUnconfirmed:
      return to != S::kOpening && to != S::kUnconfirmed;
    case S::kActive:
      return to == S::kOverdue || to == S::kReturned || to == S::kReturnedLate ||
             to == S::kNotTaken;
    case S::kOverdue:
      return to == S::kReturned || to == S::kReturnedLate || to == S::kNotTaken;
    case S::kReturned:
    case S::kReturnedLate:
    case S::kNotOpened:
    case S::kNotTaken:
    case S::kCancelled:
      return false;
  }
  return false;
}

int Rental::DurationMinutes() const {
  if (!actual_return) return 0;
  return static_cast<int>(absl::ToInt64Minutes(*actual_return - start_time));
}

Rental Rental::AsOpened() const {
  Rental then = *this;
  then.status = RentalStatus::kActive;
  then.actual_return.reset();
  then.end_reason.clear();
  then.ended_by.clear();
  then.updated_at = *opened_at;
  return then;
}

}  // namespace cartwise::rental
