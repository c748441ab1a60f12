#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "domain/plan.hpp"

namespace cartwise::tenant {

/// A chain of supermarkets: the tenant. A plain value.
struct Chain {
  ChainId id;
  std::string name;
  std::string slug;
  std::string description;
  std::string contact_email;
  std::string contact_phone;
  Plan plan = Plan::kBasic;
  std::optional<absl::Time> trial_ends_at;  ///< nullopt: no trial
  std::vector<std::string> feature_flags;   ///< sorted
  bool active = true;
  absl::Time created_at;
  absl::Time updated_at;

  bool TrialOver(absl::Time now) const { return trial_ends_at && *trial_ends_at <= now; }
  void SortFlags();
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
  std::optional<absl::Time> trial_ends_at;
  bool no_trial = false;
  std::vector<std::string> feature_flags;  ///< none: as they were
  bool no_feature_flags = false;
  std::optional<bool> active;

  /// True for what only a platform admin may change.
  bool OfPlatform() const;
  /// The changed chain, checked.
  absl::StatusOr<Chain> Of(Chain chain, absl::Time now) const;
};

}  // namespace cartwise::tenant
