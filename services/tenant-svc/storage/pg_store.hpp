#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cartwise/pg/pool.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// The store on PostgreSQL, schema `tenant`, for one transaction. Its parts
/// stand in pg_chains.cpp, pg_branches.cpp, pg_users.cpp, pg_sign_ins.cpp,
/// pg_sign_in_tries.cpp,
/// pg_second_factors.cpp, pg_password_links.cpp, pg_enrollment.cpp, pg_api_keys.cpp,
/// pg_revocations.cpp and announcements.cpp, each with its
/// SQL.
///
/// Row security decides whose rows a statement reaches; a statement names the
/// chain besides wherever it is known, for the index.
class PgStore final : public Store {
 public:
  explicit PgStore(pg::Transaction& tx) : tx_(tx) {}

  absl::StatusOr<std::vector<Chain>> ListChains(const std::string& query,
                                                const PageRequest& page) override;
  absl::StatusOr<std::optional<Chain>> FindChain(const ChainId& id, For what) override;
  absl::StatusOr<bool> HoldChain(const ChainId& id) override;
  absl::Status InsertChain(const Chain& chain) override;
  absl::Status UpdateChain(const Chain& chain) override;
  absl::StatusOr<std::vector<Chain>> TakeEndedTrials(absl::Time now) override;
  absl::StatusOr<bool> HasBranches(const ChainId& chain) override;
  absl::Status DeleteChain(const ChainId& chain, absl::Time now) override;

  absl::StatusOr<std::vector<Branch>> ListBranches(const BranchFilter& filter,
                                                   const PageRequest& page) override;
  absl::StatusOr<std::optional<Branch>> FindBranch(const BranchId& id, For what) override;
  absl::StatusOr<std::optional<BranchEntry>> FindBranchEntry(const BranchId& id) override;
  absl::StatusOr<std::vector<BranchId>> HoldBranches(const ChainId& chain,
                                                     const std::vector<BranchId>& ids) override;
  absl::Status InsertBranch(const Branch& branch) override;
  absl::Status UpdateBranch(const Branch& branch) override;
  absl::Status DeleteBranch(const Branch& branch, absl::Time now) override;

  absl::StatusOr<std::vector<User>> ListUsers(const std::optional<std::vector<BranchId>>& only,
                                              const PageRequest& page) override;
  absl::StatusOr<std::optional<Account>> FindAccount(const UserId& id) override;
  absl::StatusOr<std::optional<Account>> FindAccountByEmail(const std::string& email) override;
  absl::Status InsertUser(const User& user, const std::string& password_hash) override;
  absl::Status HoldStaff(const ChainId& chain) override;
  absl::Status UpdateUser(const User& user) override;
  absl::StatusOr<StaffCount> CountStaff(const ChainId& chain) override;
  absl::StatusOr<int> CountOwners(const ChainId& chain) override;
  absl::StatusOr<std::optional<Account>> HoldAccount(const UserId& id) override;
  absl::Status ResetPassword(const User& user, const std::string& password_hash,
                             absl::Time now) override;

  absl::Status InsertSignIn(const SignIn& sign_in, const std::string& address,
                            absl::Time now) override;
  absl::Status TouchSignIn(const SignIn& sign_in, const std::string& address,
                           absl::Time now) override;
  absl::StatusOr<std::vector<LiveSignIn>> ListSignIns(const UserId& user, const PageRequest& page,
                                                      absl::Time now) override;
  absl::StatusOr<bool> EndSignIn(const UserId& user, const SignInId& id, absl::Time now) override;
  absl::Status InsertRefreshToken(const RefreshToken& token) override;
  absl::StatusOr<std::optional<RefreshToken>> TakeRefreshToken(const std::string& hash) override;
  absl::Status SpendRefreshToken(const RefreshToken& token, absl::Time now) override;
  absl::Status RevokeSignIn(const SignIn& sign_in, std::string_view reason,
                            absl::Time now) override;
  absl::Status RevokeSignIns(const User& user, std::string_view reason, absl::Time now) override;

  absl::StatusOr<std::optional<absl::Time>> SignInsBlockedUntil(const SignInOrigin& origin,
                                                                absl::Time now) override;
  absl::StatusOr<bool> SpendSignInTry(const SignInOrigin& origin, const SignInLimits& limits,
                                      absl::Time now) override;
  absl::Status ReturnSignInTry(const SignInOrigin& origin) override;
  absl::Status ForgetSignInTries(const SignInOrigin& origin) override;
  absl::StatusOr<bool> KnowsPlace(const User& user, const SignInOrigin& origin,
                                  absl::Time since) override;
  absl::Status RememberPlace(const User& user, const SignInOrigin& origin, absl::Time now) override;

  absl::StatusOr<bool> PutFactor(const User& user, const std::string& sealed,
                                 absl::Time now) override;
  absl::StatusOr<std::optional<SecondFactor>> FindFactor(const User& user) override;
  absl::StatusOr<bool> SpendFactorStep(const User& user, const std::string& sealed,
                                       const std::string& resealed, int64_t step) override;
  absl::Status ConfirmFactor(const User& user, const std::vector<std::string>& code_hashes,
                             absl::Time now) override;
  absl::StatusOr<bool> SpendRecoveryCode(const User& user, const std::string& code_hash) override;
  absl::StatusOr<bool> DeleteFactor(const User& user) override;

  absl::Status InsertPasswordLink(const PasswordLink& link, const std::string& hash) override;
  absl::StatusOr<std::optional<PasswordLink>> FindPasswordLink(const std::string& hash,
                                                               absl::Time now) override;
  absl::StatusOr<bool> SpendPasswordLink(const PasswordLink& link,
                                         const std::string& hash) override;

  absl::StatusOr<std::vector<EnrollmentKey>> ListEnrollmentKeys(const BranchId& branch,
                                                                const PageRequest& page) override;
  absl::Status InsertEnrollmentKey(const EnrollmentKey& key, const std::string& hash) override;
  absl::StatusOr<bool> RevokeEnrollmentKey(const BranchId& branch, const EnrollmentKeyId& id,
                                           absl::Time now) override;
  absl::StatusOr<std::optional<EnrollmentKey>> FindEnrollmentKeyByHash(
      const std::string& hash) override;
  absl::StatusOr<bool> RememberRedemption(const EnrollmentKey& key, const std::string& mac_address,
                                          absl::Time now) override;
  absl::StatusOr<bool> SpendEnrollmentKey(const EnrollmentKey& key, absl::Time now) override;

  absl::StatusOr<std::vector<ApiKey>> ListApiKeys(const std::optional<std::vector<BranchId>>& only,
                                                  const PageRequest& page) override;
  absl::StatusOr<std::optional<ApiKey>> FindApiKey(const ApiKeyId& id) override;
  absl::Status InsertApiKey(const ApiKey& key, const std::string& hash) override;
  absl::Status RevokeApiKey(const ApiKey& key, absl::Time now) override;
  absl::StatusOr<std::optional<ApiKey>> UseApiKey(const ApiKeyId& id, const std::string& hash,
                                                  absl::Time now) override;

  absl::StatusOr<std::vector<Revocation>> RecentRevocations(absl::Time now) override;
  absl::Status RevokeShopper(const ChainId& chain, const SignInId& id, absl::Time now) override;

  absl::Status Announce(const Change& change, const Chain& chain) override;
  absl::Status Announce(const Change& change, const Branch& branch) override;
  absl::Status Announce(const Change& change, const Thing& thing) override;

 private:
  pg::Transaction& tx_;
};

}  // namespace cartwise::tenant
