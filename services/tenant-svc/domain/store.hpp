#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/database.hpp"
#include "cartwise/base/page.hpp"
#include "domain/api_key.hpp"
#include "domain/branch.hpp"
#include "domain/chain.hpp"
#include "domain/change.hpp"
#include "domain/enrollment_key.hpp"
#include "domain/revocation.hpp"
#include "domain/second_factor.hpp"
#include "domain/sign_in.hpp"
#include "domain/sign_in_limits.hpp"
#include "domain/user.hpp"

namespace cartwise::tenant {

/// Whether a row that is read will be changed by the same transaction.
enum class For { kReading, kChanging };

/// Which branches a list shows.
struct BranchFilter {
  ChainId chain;                              ///< empty for every one in sight
  std::optional<std::vector<BranchId>> only;  ///< of these; nullopt for all
  std::string query;                          ///< part of name or code, in any case
  std::optional<bool> active;
};

struct StaffCount {
  int active = 0;
  int allowed = 0;
};

/// Everything this service keeps, within one transaction that sees one tenant
/// (or all, for the platform). Deleted things are not found. Lists answer up to
/// one row more than the page holds, see ToListing. Used by one thread.
class Store {
 public:
  virtual ~Store() = default;

  // Chains, by name and id.
  virtual absl::StatusOr<std::vector<Chain>> ListChains(const std::string& query,
                                                        const PageRequest& page) = 0;
  virtual absl::StatusOr<std::optional<Chain>> FindChain(const ChainId& id, For what) = 0;
  /// Keeps the chain from being deleted until the transaction ends; false when
  /// it is not there.
  virtual absl::StatusOr<bool> HoldChain(const ChainId& id) = 0;
  /// SLUG_TAKEN.
  virtual absl::Status InsertChain(const Chain& chain) = 0;
  virtual absl::Status UpdateChain(const Chain& chain) = 0;
  /// Active ones whose trial is over, a bounded number; nobody else takes them
  /// until the transaction ends.
  virtual absl::StatusOr<std::vector<Chain>> TakeEndedTrials(absl::Time now) = 0;
  virtual absl::StatusOr<bool> HasBranches(const ChainId& chain) = 0;
  /// With its users, whose e-mails become free, and their sign-ins.
  virtual absl::Status DeleteChain(const ChainId& chain, absl::Time now) = 0;

  // Branches, by name and id.
  virtual absl::StatusOr<std::vector<Branch>> ListBranches(const BranchFilter& filter,
                                                           const PageRequest& page) = 0;
  virtual absl::StatusOr<std::optional<Branch>> FindBranch(const BranchId& id, For what) = 0;
  virtual absl::StatusOr<std::optional<BranchEntry>> FindBranchEntry(const BranchId& id) = 0;
  /// Those of `ids` that are branches of `chain`; they stay until the transaction ends.
  virtual absl::StatusOr<std::vector<BranchId>> HoldBranches(const ChainId& chain,
                                                             const std::vector<BranchId>& ids) = 0;
  /// BRANCH_CODE_TAKEN.
  virtual absl::Status InsertBranch(const Branch& branch) = 0;
  virtual absl::Status UpdateBranch(const Branch& branch) = 0;
  /// With its enrollment keys, which are revoked.
  virtual absl::Status DeleteBranch(const Branch& branch, absl::Time now) = 0;

  // Users, by e-mail.
  /// `only`: those whose role is limited to some of these branches.
  virtual absl::StatusOr<std::vector<User>> ListUsers(
      const std::optional<std::vector<BranchId>>& only, const PageRequest& page) = 0;
  virtual absl::StatusOr<std::optional<Account>> FindAccount(const UserId& id) = 0;
  virtual absl::StatusOr<std::optional<Account>> FindAccountByEmail(const std::string& email) = 0;
  /// EMAIL_TAKEN.
  virtual absl::Status InsertUser(const User& user, const std::string& password_hash) = 0;
  /// Whoever else changes staff of `chain` waits until the transaction ends.
  virtual absl::Status HoldStaff(const ChainId& chain) = 0;
  /// Name, role, branches, active.
  virtual absl::Status UpdateUser(const User& user) = 0;
  /// How many staff are active, and how many the chain's plan allows.
  virtual absl::StatusOr<StaffCount> CountStaff(const ChainId& chain) = 0;
  /// How many of them keep the chain, see User::KeepsChain.
  virtual absl::StatusOr<int> CountOwners(const ChainId& chain) = 0;
  /// The account, which nobody changes until the transaction ends.
  virtual absl::StatusOr<std::optional<Account>> HoldAccount(const UserId& id) = 0;
  /// And ends the user's sign-ins and password link.
  virtual absl::Status ResetPassword(const User& user, const std::string& password_hash,
                                     absl::Time now) = 0;

  // Sign-ins.
  /// `address`: the client's network.
  virtual absl::Status InsertSignIn(const SignIn& sign_in, const std::string& address,
                                    absl::Time now) = 0;
  /// Remembers when and from where a sign-in was used.
  virtual absl::Status TouchSignIn(const SignIn& sign_in, const std::string& address,
                                   absl::Time now) = 0;
  /// Those of the user that can still be refreshed, newest first.
  virtual absl::StatusOr<std::vector<LiveSignIn>> ListSignIns(const UserId& user,
                                                              const PageRequest& page,
                                                              absl::Time now) = 0;
  /// False when the user has no such sign-in. Ending twice is once.
  virtual absl::StatusOr<bool> EndSignIn(const UserId& user, const SignInId& id,
                                         absl::Time now) = 0;
  virtual absl::Status InsertRefreshToken(const RefreshToken& token) = 0;
  /// Whoever holds the same family waits until the transaction ends.
  virtual absl::StatusOr<std::optional<RefreshToken>> TakeRefreshToken(const std::string& hash) = 0;
  virtual absl::Status SpendRefreshToken(const RefreshToken& token, absl::Time now) = 0;
  /// Ends the family; nothing changes when it has ended already.
  virtual absl::Status RevokeSignIn(const SignIn& sign_in, std::string_view reason,
                                    absl::Time now) = 0;
  /// The same for every sign-in of the user.
  virtual absl::Status RevokeSignIns(const User& user, std::string_view reason, absl::Time now) = 0;

  // Failed sign-ins.
  virtual absl::StatusOr<std::optional<absl::Time>> SignInsBlockedUntil(const SignInOrigin& origin,
                                                                        absl::Time now) = 0;
  /// Counts one try before its password is looked at. False when none is left.
  virtual absl::StatusOr<bool> SpendSignInTry(const SignInOrigin& origin,
                                              const SignInLimits& limits, absl::Time now) = 0;
  /// Gives back the try that SpendSignInTry took.
  virtual absl::Status ReturnSignInTry(const SignInOrigin& origin) = 0;
  /// Those of this e-mail from this network.
  virtual absl::Status ForgetSignInTries(const SignInOrigin& origin) = 0;
  /// Whether the user signed in from this network after `since`.
  virtual absl::StatusOr<bool> KnowsPlace(const User& user, const SignInOrigin& origin,
                                          absl::Time since) = 0;
  virtual absl::Status RememberPlace(const User& user, const SignInOrigin& origin,
                                     absl::Time now) = 0;

  // Second factors.
  /// In place of one that is not confirmed; false when there is a confirmed one.
  virtual absl::StatusOr<bool> PutFactor(const User& user, const std::string& sealed,
                                         absl::Time now) = 0;
  virtual absl::StatusOr<std::optional<SecondFactor>> FindFactor(const User& user) = 0;
  /// Of a factor that is sealed so; it is `resealed` then. False when this step or a
  /// later one was spent before.
  virtual absl::StatusOr<bool> SpendFactorStep(const User& user, const std::string& sealed,
                                               const std::string& resealed, int64_t step) = 0;
  virtual absl::Status ConfirmFactor(const User& user, const std::vector<std::string>& code_hashes,
                                     absl::Time now) = 0;
  /// False for an unknown or spent one.
  virtual absl::StatusOr<bool> SpendRecoveryCode(const User& user,
                                                 const std::string& code_hash) = 0;
  /// With its recovery codes. False when there is none.
  virtual absl::StatusOr<bool> DeleteFactor(const User& user) = 0;

  // Links to set a password with.
  /// In place of the one that the user has.
  virtual absl::Status InsertPasswordLink(const PasswordLink& link, const std::string& hash) = 0;
  /// One that is live at `now`.
  virtual absl::StatusOr<std::optional<PasswordLink>> FindPasswordLink(const std::string& hash,
                                                                       absl::Time now) = 0;
  /// False when somebody else did.
  virtual absl::StatusOr<bool> SpendPasswordLink(const PasswordLink& link,
                                                 const std::string& hash) = 0;

  // Enrollment keys, newest first.
  virtual absl::StatusOr<std::vector<EnrollmentKey>> ListEnrollmentKeys(
      const BranchId& branch, const PageRequest& page) = 0;
  virtual absl::Status InsertEnrollmentKey(const EnrollmentKey& key, const std::string& hash) = 0;
  /// False when the branch has no such key. Revoking twice is once.
  virtual absl::StatusOr<bool> RevokeEnrollmentKey(const BranchId& branch,
                                                   const EnrollmentKeyId& id, absl::Time now) = 0;
  virtual absl::StatusOr<std::optional<EnrollmentKey>> FindEnrollmentKeyByHash(
      const std::string& hash) = 0;
  /// False when this device had redeemed the key before. Two at once take turns.
  virtual absl::StatusOr<bool> RememberRedemption(const EnrollmentKey& key,
                                                  const std::string& mac_address,
                                                  absl::Time now) = 0;
  /// False when no use is left, or the key ended meanwhile.
  virtual absl::StatusOr<bool> SpendEnrollmentKey(const EnrollmentKey& key, absl::Time now) = 0;

  // API keys, newest first.
  /// `only`: those that are limited to some of these branches.
  virtual absl::StatusOr<std::vector<ApiKey>> ListApiKeys(
      const std::optional<std::vector<BranchId>>& only, const PageRequest& page) = 0;
  virtual absl::StatusOr<std::optional<ApiKey>> FindApiKey(const ApiKeyId& id) = 0;
  virtual absl::Status InsertApiKey(const ApiKey& key, const std::string& hash) = 0;
  /// Revoking twice is once.
  virtual absl::Status RevokeApiKey(const ApiKey& key, absl::Time now) = 0;
  /// The key with this id and hash that is live at `now`, and notes its use.
  virtual absl::StatusOr<std::optional<ApiKey>> UseApiKey(const ApiKeyId& id,
                                                          const std::string& hash,
                                                          absl::Time now) = 0;

  // What ended, oldest first.
  /// Those told at `now`, see kRevocationsTold.
  virtual absl::StatusOr<std::vector<Revocation>> RecentRevocations(absl::Time now) = 0;
  /// Ends a sign-in of a shopper of `chain`. Ending twice is once.
  virtual absl::Status RevokeShopper(const ChainId& chain, const SignInId& id, absl::Time now) = 0;

  // Tells others, when this transaction commits.
  virtual absl::Status Announce(const Change& change, const Chain& chain) = 0;
  virtual absl::Status Announce(const Change& change, const Branch& branch) = 0;
  virtual absl::Status Announce(const Change& change, const Thing& thing) = 0;
};

using TenantDatabase = Database<Store>;

}  // namespace cartwise::tenant
