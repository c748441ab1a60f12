#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/ids.hpp"

namespace cartwise::tenant {

inline constexpr size_t kLeastPasswordCharacters = 12;
inline constexpr size_t kMostPasswordBytes = 1024;
/// That a role is limited to. Each is 52 bytes of every access token, and a token has 16 KiB at
/// most.
inline constexpr size_t kMostBranches = 200;

/// A staff member with one role. A plain value.
struct User {
  UserId id;
  ChainId chain;  ///< empty for a platform admin
  std::string email;
  std::string name;
  Role role = Role::kNone;
  bool whole_chain = true;         ///< the role is for every branch
  std::vector<BranchId> branches;  ///< else for these, sorted
  bool active = true;
  absl::Time created_at;
  absl::Time updated_at;
  int64_t rights_version = 0;  ///< counted by the database, whatever changes the rights

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;

  /// What the user may do. None at all for a limited role without branches: in
  /// a Grant, no branches mean every branch.
  std::vector<Grant> Grants() const;

  /// The caller that a token of this user stands for.
  Caller AsCaller() const;

  /// True for an active owner of the whole chain.
  bool KeepsChain() const { return active && whole_chain && role == Role::kOwner; }

  /// Puts `branches` in order, each once.
  void SortBranches();
};

/// The fields that are set replace those of a user.
struct UserChange {
  std::optional<std::string> name;
  std::optional<Role> role;
  bool whole_chain = false;        ///< true: the role becomes one for every branch
  std::vector<BranchId> branches;  ///< else the role becomes one for these; none leave them
  std::optional<bool> active;

  /// The changed user, checked.
  absl::StatusOr<User> Of(User user, absl::Time now) const;
};

/// A user and what a sign-in is checked against.
struct Account {
  User user;
  std::string password_hash;
  bool may_sign_in = false;   ///< user and chain are active
  std::string factor;         ///< a confirmed second factor, sealed; empty for none
  bool needs_factor = false;  ///< by a rule of the chain
};

/// INVALID_FIELD unless 12 characters to 1,024 bytes.
absl::Status CheckNewPassword(std::string_view password, std::string_view field = "password");

}  // namespace cartwise::tenant
