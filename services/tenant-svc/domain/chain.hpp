#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::tenant {

enum class Plan { kBasic, kProfessional, kEnterprise };

/// "BASIC"
std::string_view PlanName(Plan plan);
/// A name that is not one is a fault of the database, and aborts.
Plan PlanFromName(std::string_view name);

/// A chain of supermarkets: the tenant. A plain value.
struct Chain {
  ChainId id;
  std::string name;
  std::string slug;
  std::string description;
  std::string contact_email;
  std::string contact_phone;
  Plan plan = Plan::kBasic;
  bool active = true;
  absl::Time created_at;
  absl::Time updated_at;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
};

/// The fields that are set replace those of a chain.
struct ChainChange {
  std::optional<std::string> name;
  std::optional<std::string> slug;
  std::optional<std::string> description;
  std::optional<std::string> contact_email;
  std::optional<std::string> contact_phone;
  std::optional<Plan> plan;
  std::optional<bool> active;

  /// The changed chain, checked.
  absl::StatusOr<Chain> Of(Chain chain, absl::Time now) const;
};

}  // namespace cartwise::tenant
