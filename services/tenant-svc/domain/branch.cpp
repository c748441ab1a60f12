#include "domain/branch.hpp"

#include <cmath>

#include "cartwise/base/status_macros.hpp"
#include "domain/fields.hpp"

namespace cartwise::tenant {
namespace {

bool Within(const std::optional<double>& degrees, double limit) {
  return !degrees || (std::isfinite(*degrees) && std::abs(*degrees) <= limit);
}

bool IsRentalTerm(absl::Duration term) {
  return term >= absl::Minutes(1) && term <= absl::Hours(7 * 24) &&
         term == absl::Floor(term, absl::Seconds(1));
}

}  // namespace

absl::Status Branch::Check() const {
  errors::FieldErrors errors;
  CheckText(errors, "name", name, 1, 200);
  errors.Require(IsBranchCode(branch_code), "branch_code", "must be 1 to 50 letters, digits and -");
  CheckText(errors, "address", address, 0, 300);
  CheckText(errors, "city", city, 0, 100);
  CheckText(errors, "postal_code", postal_code, 0, 20);
  errors.Require(Within(latitude, 90), "latitude", "must be -90 to 90 degrees");
  errors.Require(Within(longitude, 180), "longitude", "must be -180 to 180 degrees");
  errors.Require(IsTimeZone(time_zone), "time_zone", "must be an IANA name like Asia/Jerusalem");
  errors.Require(IsRentalTerm(rental_term), "rental_term",
                 "must be whole seconds, 1 minute to 7 days");
  return errors.ToStatus();
}

absl::StatusOr<Branch> BranchChange::Of(Branch branch, absl::Time now) const {
  if (name) branch.name = *name;
  if (branch_code) branch.branch_code = *branch_code;
  if (address) branch.address = *address;
  if (city) branch.city = *city;
  if (postal_code) branch.postal_code = *postal_code;
  if (latitude) branch.latitude = latitude;
  if (longitude) branch.longitude = longitude;
  if (time_zone) branch.time_zone = *time_zone;
  if (active) branch.active = *active;
  if (rental_term) branch.rental_term = *rental_term;
  branch.updated_at = now;
  CW_RETURN_IF_ERROR(branch.Check());
  return branch;
}

}  // namespace cartwise::tenant
