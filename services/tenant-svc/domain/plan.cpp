#include "domain/plan.hpp"

#include <array>
#include <cstdlib>

namespace cartwise::tenant {
namespace {

struct Row {
  std::string_view name;
  PlanLimits limits;
};

constexpr std::array<Row, 3> kPlans = {{{"BASIC", {100, 5, 100}},
                                        {"PROFESSIONAL", {500, 25, 1'000}},
                                        {"ENTERPRISE", {10'000, 100, 10'000}}}};

}  // namespace

std::string_view PlanName(Plan plan) {
  return kPlans[size_t(plan)].name;
}

Plan PlanFromName(std::string_view name) {
  for (size_t i = 0; i < kPlans.size(); ++i) {
    if (kPlans[i].name == name) return Plan(i);
  }
  std::abort();
}

PlanLimits LimitsOf(Plan plan) {
  return kPlans[size_t(plan)].limits;
}

}  // namespace cartwise::tenant
