#include "domain/chain.hpp"

#include <algorithm>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/fields.hpp"

namespace cartwise::tenant {
namespace {

constexpr size_t kMostFlags = 50;

bool IsPhone(std::string_view text) {
  return text.size() <= 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') ||
                  std::string_view("+-() *#").find(c) != std::string_view::npos;
         });
}

bool IsFlag(std::string_view text) {
  return !text.empty() && text.size() <= 50 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

void Chain::SortFlags() {
  std::sort(feature_flags.begin(), feature_flags.end());
  feature_flags.erase(std::unique(feature_flags.begin(), feature_flags.end()), feature_flags.end());
}

absl::Status Chain::Check() const {
  errors::FieldErrors errors;
  CheckText(errors, "name", name, 1, 200);
  errors.Require(IsSlug(slug), "slug", "must be 2 to 100 of a-z, 0-9 and -");
  CheckText(errors, "description", description, 0, 2000, /*lines=*/true);
  errors.Require(contact_email.empty() || IsEmail(contact_email), "contact_email",
                 "must be an e-mail address");
  errors.Require(IsPhone(contact_phone), "contact_phone", "must be a phone number");
  errors.Require(feature_flags.size() <= kMostFlags &&
                     std::all_of(feature_flags.begin(), feature_flags.end(), IsFlag),
                 "feature_flags", "are at most 50, each 1 to 50 of a-z, 0-9 and _");
  return errors.ToStatus();
}

bool ChainChange::OfPlatform() const {
  return plan || active || trial_ends_at || no_trial || !feature_flags.empty() || no_feature_flags;
}

absl::StatusOr<Chain> ChainChange::Of(Chain chain, absl::Time now) const {
  errors::FieldErrors errors;
  errors.Require(!trial_ends_at || !no_trial, "no_trial", "contradicts trial_ends_at");
  errors.Require(!trial_ends_at || *trial_ends_at > now, "trial_ends_at", "must be in the future");
  errors.Require(feature_flags.empty() || !no_feature_flags, "no_feature_flags",
                 "contradicts feature_flags");
  if (name) chain.name = *name;
  if (slug) chain.slug = *slug;
  if (description) chain.description = *description;
  if (contact_email) chain.contact_email = ToLowerAscii(*contact_email);
  if (contact_phone) chain.contact_phone = *contact_phone;
  if (plan) chain.plan = *plan;
  if (no_trial) chain.trial_ends_at.reset();
  if (trial_ends_at) chain.trial_ends_at = trial_ends_at;
  if (no_feature_flags || !feature_flags.empty()) chain.feature_flags = feature_flags;
  chain.SortFlags();
  errors.Require(!active || !*active || !chain.TrialOver(now), "trial_ends_at",
                 "has passed: give a later one, or no_trial");
  CW_RETURN_IF_ERROR(errors.ToStatus());
  if (active) chain.active = *active;
  chain.updated_at = now;
  CW_RETURN_IF_ERROR(chain.Check());
  return chain;
}

}  // namespace cartwise::tenant
