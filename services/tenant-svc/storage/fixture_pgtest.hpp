#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "cartwise/pg/once.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/database.hpp"
#include "cartwise/testing/plans.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/branches.hpp"
#include "domain/chains.hpp"
#include "domain/credentials_fake.hpp"
#include "domain/enrollment.hpp"
#include "domain/otp_ports_fake.hpp"
#include "domain/passwords.hpp"
#include "domain/second_factor_fake.hpp"
#include "domain/sessions.hpp"
#include "domain/users.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::tenant {

inline constexpr char kPassword[] = "a long password";

inline Caller Staff(const ChainId& chain, Role role, std::vector<BranchId> branches = {}) {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.subject = NewUuid();
  caller.chain = chain;
  caller.grants = {Grant{role, std::move(branches)}};
  caller.trace_id = std::string(32, 'a');
  return caller;
}

/// Two chains, one with two branches and one with one, on a real database.
struct TwoChains {
  testing::Database server;
  std::unique_ptr<pg::Pool> pool = server.PoolBesideStranger("tenant", 8);
  pg::DatabaseOf<Store, PgStore> database{*pool, "tenant"};
  testing::FakeClock clock;
  FakeCredentials credentials;
  FakeOtpSecrets secrets;
  FakeFactorSecrets factors;
  PasswordCheck password_check{database, credentials, secrets, clock};
  SecondFactors second_factors{database, password_check, factors, credentials, secrets, clock};
  Sessions sessions{database, credentials, secrets, password_check, second_factors, clock};
  Passwords passwords{database, credentials, sessions, second_factors, clock};

  Caller platform = Staff(ChainId(), Role::kPlatformAdmin);
  Chain rami = MakeChain("rami-levi");
  Chain shufersal = MakeChain("shufersal");
  Branch haifa = MakeBranch(rami.id, "haifa");
  Branch jerusalem = MakeBranch(rami.id, "jerusalem");
  Branch tel_aviv = MakeBranch(shufersal.id, "tel-aviv");
  Caller owner = Staff(rami.id, Role::kOwner);
  Caller admin = Staff(rami.id, Role::kAdmin);
  Caller stranger = Staff(shufersal.id, Role::kOwner);

  // Staff, branches and chains are found by ids alone, in tables that stay small; what is old, and
  // what is to be erased, is looked for everywhere.
  ~TwoChains() {
    testing::CheckPlans(
        *pool, "tenant",
        {"api_keys_by_id", "branches_code_unique", "chains_slug_unique", "users_email_unique",
         "tenant_audit_heads", "tenant_drop_old_codes", "tenant_drop_old_otp_people",
         "tenant_drop_old_otp_stops", "tenant_drop_old_password_links",
         "tenant_drop_old_sign_in_places", "tenant_drop_old_sign_in_tries",
         "tenant_drop_old_sign_ins", "tenant_reopen_erasures"});
  }

  /// Runs one use case in its own transaction as `caller`.
  template <typename UseCase>
  auto Do(const Caller& caller, UseCase use_case) {
    using Result = decltype(use_case(std::declval<Store&>(), caller));
    std::optional<Result> result;
    const absl::Status done = database.Write(caller, [&](Store& store) -> absl::Status {
      result = use_case(store, caller);
      if constexpr (std::is_same_v<Result, absl::Status>) {
        return *result;
      } else {
        return result->status();
      }
    });
    return done.ok() ? *std::move(result) : Result(done);
  }

  absl::StatusOr<Chain> NewChain(const std::string& slug, Plan plan = Plan::kEnterprise) {
    Chain want;
    want.plan = plan;
    want.name = "Chain " + slug;
    want.slug = slug;
    return Do(platform, [&](Store& store, const Caller& caller) {
      return CreateChain(store, caller, want, clock.Now());
    });
  }

  absl::StatusOr<Branch> NewBranch(const Caller& as, const std::string& code,
                                   const ChainId& chain = {}) {
    Branch want;
    want.chain = chain;
    want.name = "Branch " + code;
    want.branch_code = code;
    return Do(as, [&](Store& store, const Caller& caller) {
      return CreateBranch(store, caller, want, clock.Now());
    });
  }

  absl::StatusOr<User> NewUser(const Caller& as, const std::string& email, Role role,
                               std::vector<BranchId> branches = {}, const ChainId& chain = {}) {
    User want;
    want.chain = chain;
    want.email = email;
    want.name = "Somebody";
    want.role = role;
    want.branches = std::move(branches);
    const std::string hash = "slow:" + std::string(kPassword);
    return Do(as, [&](Store& store, const Caller& caller) {
      return CreateUser(store, caller, want, hash, clock.Now());
    });
  }

  absl::StatusOr<User> ChangeUser(const Caller& as, const UserId& id, const UserChange& change) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return UpdateUser(store, caller, id, change, clock.Now());
    });
  }

  absl::StatusOr<Chain> ChangeChain(const Caller& as, const ChainId& id,
                                    const ChainChange& change) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return UpdateChain(store, caller, id, change, clock.Now());
    });
  }

  absl::StatusOr<Branch> ChangeBranch(const Caller& as, const BranchId& id,
                                      const BranchChange& change) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return UpdateBranch(store, caller, id, change, clock.Now());
    });
  }

  absl::Status Delete(const Caller& as, const BranchId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return DeleteBranch(store, caller, id, clock.Now());
    });
  }

  absl::Status Delete(const Caller& as, const ChainId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return DeleteChain(store, caller, id, clock.Now());
    });
  }

  absl::StatusOr<Branch> Get(const Caller& as, const BranchId& id) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return FindBranchFor(store, caller, id, Role::kViewer, For::kReading);
    });
  }

  absl::StatusOr<IssuedKey> NewKey(const Caller& as, const BranchId& branch, int uses = 1) {
    return Do(as, [&](Store& store, const Caller& caller) {
      return CreateEnrollmentKey(store, caller, credentials, {branch, uses, kDefaultKeyLife},
                                 clock.Now());
    });
  }

  absl::StatusOr<BranchEntry> Redeem(const std::string& secret, const std::string& mac) {
    return Do(Caller::Service("device-svc"), [&](Store& store, const Caller& caller) {
      return RedeemEnrollmentKey(store, caller, credentials, secret, mac, clock.Now());
    });
  }

  /// A number that a superuser reads.
  int64_t Count(const std::string& from) {
    return server.Sql("SELECT count(*) AS n FROM " + from).front().Int("n");
  }

 private:
  Chain MakeChain(const std::string& slug) {
    auto chain = NewChain(slug);
    REQUIRE_OK(chain);
    return *chain;
  }
  Branch MakeBranch(const ChainId& chain, const std::string& code) {
    auto branch = NewBranch(platform, code, chain);
    REQUIRE_OK(branch);
    return *branch;
  }
};

}  // namespace cartwise::tenant
