#pragma once

#include <string_view>

namespace cartwise::tenant {

/// What a chain has paid for.
enum class Plan { kBasic, kProfessional, kEnterprise };

/// "BASIC"
std::string_view PlanName(Plan plan);
/// A name that is not one is a fault of the database, and aborts.
Plan PlanFromName(std::string_view name);

/// What a plan allows.
struct PlanLimits {
  int devices = 0;  ///< that are not retired
  int users = 0;    ///< active staff
  int requests_per_minute = 0;
};

PlanLimits LimitsOf(Plan plan);

}  // namespace cartwise::tenant
