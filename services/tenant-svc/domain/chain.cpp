#include "domain/chain.hpp"

#include <algorithm>
#include <cstdlib>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/fields.hpp"

namespace cartwise::tenant {
namespace {

constexpr std::string_view kPlanNames[] = {"BASIC", "PROFESSIONAL", "ENTERPRISE"};

bool IsPhone(std::string_view text) {
  return text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') ||
                  std::string_view("+-() *#").find(c) != std::string_view::npos;
         });
}

}  // namespace

std::string_view PlanName(Plan plan) {
  return kPlanNames[size_t(plan)];
}

Plan PlanFromName(std::string_view name) {
  for (size_t i = 0; i < std::size(kPlanNames); ++i) {
    if (kPlanNames[i] == name) return Plan(i);
  }
  std::abort();
}

absl::Status Chain::Check() const {
  errors::FieldErrors errors;
  CheckText(errors, "name", name, 1, 200);
  errors.Require(IsSlug(slug), "slug", "must be 2 to 100 of a-z, 0-9 and -");
  CheckText(errors, "description", description, 0, 2000, /*lines=*/true);
  errors.Require(contact_email.empty() || IsEmail(contact_email), "contact_email",
                 "must be an e-mail address");
  errors.Require(IsPhone(contact_phone), "contact_phone", "must be a phone number");
  return errors.ToStatus();
}

absl::StatusOr<Chain> ChainChange::Of(Chain chain, absl::Time now) const {
  if (name) chain.name = *name;
  if (slug) chain.slug = *slug;
  if (description) chain.description = *description;
  if (contact_email) chain.contact_email = ToLowerAscii(*contact_email);
  if (contact_phone) chain.contact_phone = *contact_phone;
  if (plan) chain.plan = *plan;
  if (active) chain.active = *active;
  chain.updated_at = now;
  CW_RETURN_IF_ERROR(chain.Check());
  return chain;
}

}  // namespace cartwise::tenant
