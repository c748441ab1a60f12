#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::tenant {

inline constexpr char kDefaultTimeZone[] = "Asia/Jerusalem";
inline constexpr absl::Duration kDefaultRentalTerm = absl::Hours(2);

/// A supermarket of a chain. A plain value.
struct Branch {
  BranchId id;
  ChainId chain;
  std::string name;
  std::string branch_code;
  std::string address;
  std::string city;
  std::string postal_code;
  std::optional<double> latitude;   ///< degrees
  std::optional<double> longitude;  ///< degrees
  std::string time_zone = kDefaultTimeZone;
  bool active = true;
  absl::Duration rental_term = kDefaultRentalTerm;  ///< whole seconds
  absl::Time created_at;
  absl::Time updated_at;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
};

/// The fields that are set replace those of a branch.
struct BranchChange {
  std::optional<std::string> name;
  std::optional<std::string> branch_code;
  std::optional<std::string> address;
  std::optional<std::string> city;
  std::optional<std::string> postal_code;
  std::optional<double> latitude;
  std::optional<double> longitude;
  std::optional<std::string> time_zone;
  std::optional<bool> active;
  std::optional<absl::Duration> rental_term;

  /// The changed branch, checked.
  absl::StatusOr<Branch> Of(Branch branch, absl::Time now) const;
};

/// A branch as other services see it.
struct BranchEntry {
  BranchId branch;
  ChainId chain;
  std::string chain_slug;
  std::string branch_code;
  bool active = false;  ///< the branch is, and its chain
  int max_devices = 0;  ///< of the chain, by its plan
};

}  // namespace cartwise::tenant
