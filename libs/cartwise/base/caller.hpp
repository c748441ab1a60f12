#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise {

/// Kinds of callers, as in cartwise.options.v1.Policy.Principal; an API key may
/// come wherever staff may, see Policy.scope.
enum class Principal { kAnonymous, kShopper, kStaff, kDevice, kService, kApiKey };

/// Staff roles, weakest first, as in cartwise.options.v1.Policy.Role.
enum class Role { kNone, kViewer, kInstaller, kOperator, kAdmin, kOwner, kPlatformAdmin };

/// "OPERATOR"; kNone for an unknown name.
Role RoleFromName(std::string_view name);
std::string_view RoleName(Role role);

/// One role for a chain (no branches) or for named branches of it.
struct Grant {
  Role role = Role::kNone;
  std::vector<BranchId> branches;

  bool Covers(const BranchId& branch) const;
};

/// One write that the client may repeat under an Idempotency-Key. Whoever runs
/// the write's transaction (pg::RunOnce) stores the answer beside the effect,
/// and plays it back instead of running the write again.
class Once {
 public:
  virtual ~Once() = default;
  /// As the client sent it, 1 to 255 characters.
  virtual const std::string& Key() const = 0;
  /// Full gRPC method name.
  virtual const std::string& Method() const = 0;
  /// SHA-256 of the request, hex: another body under the same key is refused.
  virtual const std::string& RequestHash() const = 0;
  /// The answer as bytes, once the write has made it.
  virtual std::string Answer() const = 0;
  /// Gives the stored answer to the waiting client.
  virtual void Replay(const std::string& answer) = 0;
};

/// Who is calling, proven. A plain value; rpc::Guard makes it from the
/// credential and passes it to the use case.
struct Caller {
  Principal principal = Principal::kAnonymous;
  std::string subject;              ///< user, device, shopper or API key id; service name
  ChainId chain;                    ///< empty for anonymous, services and platform admins
  std::vector<Grant> grants;        ///< staff and API keys
  std::string phone;                ///< shopper only, E.164
  std::string sign_in;              ///< staff only: id of the sign-in behind the token
  std::vector<std::string> scopes;  ///< API key only, sorted: "rentals:read"
  int requests_per_minute = 0;      ///< API key only: its own rate; 0 for the usual one
  /// Staff and API keys: how often the rights behind the token had changed when it
  /// was made; of a key, those of its maker.
  int64_t rights_version = 0;
  absl::Time issued_at;                            ///< of the token, to the second
  absl::Time expires_at = absl::InfiniteFuture();  ///< of the token
  std::string trace_id;                            ///< 32 hex digits
  std::string peer;                                ///< address of the client
  Once* once = nullptr;                            ///< set while a write carries an Idempotency-Key
  absl::Time deadline = absl::InfiniteFuture();    ///< when the client stops waiting

  bool IsPlatformAdmin() const;
  /// Staff, or an API key, which acts for staff: what they may do stands in `grants`.
  bool HasRoles() const {
    return principal == Principal::kStaff || principal == Principal::kApiKey;
  }
  /// The strongest role in any branch.
  Role StrongestRole() const;
  /// The strongest role in this branch of the caller's own chain.
  Role RoleIn(const BranchId& branch) const;
  /// True for a grant over the whole chain (or platform) of at least `least`.
  bool HasChainRole(Role least) const;
  /// True when the caller has at least `least` in `branch`. Use after the
  /// branch was found in the caller's tenant; answer a false as NOT_FOUND.
  bool MayIn(const BranchId& branch, Role least) const;
  /// Branches to narrow lists to; nullopt when the grant is for all of them.
  std::optional<std::vector<BranchId>> VisibleBranches() const;
  /// "user:<id>", "key:<id>", "device:<id>", "service:<name>", "shopper", "anonymous".
  std::string Label() const;

  static Caller Service(std::string name);
};

}  // namespace cartwise
