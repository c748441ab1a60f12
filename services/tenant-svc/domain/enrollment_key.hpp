#pragma once

#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::tenant {

using EnrollmentKeyId = StrongId<struct EnrollmentKeyTag>;

inline constexpr absl::Duration kDefaultKeyLife = absl::Hours(24);

/// Lets devices join a branch: short-lived, with counted uses. The secret is
/// known to its maker only; a plain value otherwise.
struct EnrollmentKey {
  EnrollmentKeyId id;
  ChainId chain;
  BranchId branch;
  int max_uses = 1;
  int used = 0;
  absl::Time expires_at;
  std::optional<absl::Time> revoked_at;
  absl::Time created_at;
  std::string created_by;

  bool ValidAt(absl::Time now) const { return !revoked_at && now < expires_at; }
};

/// What a new key is asked to be.
struct NewEnrollmentKey {
  BranchId branch;
  int max_uses = 1;
  absl::Duration life = kDefaultKeyLife;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
};

}  // namespace cartwise::tenant
