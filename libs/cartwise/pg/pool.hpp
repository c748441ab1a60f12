#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/query.hpp"
#include "cartwise/pg/rows.hpp"

namespace cartwise::pg {

/// Whose rows a transaction may see. Row-level security compares with it.
class Tenant {
 public:
  static Tenant Of(const ChainId& chain) { return Tenant(chain.value(), false); }
  /// Platform-wide work: jobs, relays, platform admins. Sees every chain.
  static Tenant Platform() { return Tenant("", true); }
  /// A caller's own chain; everything for services and platform admins;
  /// nothing for anonymous callers.
  static Tenant Of(const Caller& caller);

  const std::string& chain() const { return chain_; }
  bool platform() const { return platform_; }

 private:
  Tenant(std::string chain, bool platform) : chain_(std::move(chain)), platform_(platform) {}
  std::string chain_;
  bool platform_;
};

class Connection;

/// Name of the constraint that a failed statement violated; empty when none.
/// For telling apart which unique index refused.
std::string ViolatedConstraint(const absl::Status& status);

/// Statements of one transaction. Used by one thread.
class Transaction {
 public:
  /// Runs a statement. Failures: ALREADY_EXISTS for a unique or exclusion
  /// violation, FAILED_PRECONDITION for a foreign key or check violation,
  /// ABORTED for serialization failures and deadlocks, UNAVAILABLE for a lost
  /// connection, DEADLINE_EXCEEDED, INTERNAL. After a failure only rollback is left.
  template <typename... Args>
  absl::StatusOr<Rows> Run(const Query& query, const Args&... args) {
    return RunParams(query, {Param(args)...});
  }
  absl::StatusOr<Rows> RunParams(const Query& query, std::vector<Param> params);

 private:
  friend class Pool;
  Transaction(Connection& connection, std::vector<Step> prelude);
  Connection& connection_;
  std::vector<Step> prelude_;  // sent with the first statement: one round trip less
};

struct PoolConfig {
  using Open = std::function<absl::StatusOr<std::unique_ptr<Connection>>(const std::string& url)>;

  std::string url;
  int connections = 8;
  Open open;  ///< Connection::Open, unless a test watches what is run

  /// `<service>_DATABASE_URL` and `<service>_DATABASE_POOL`, 2 to 100; `service` is
  /// "CARTWISE_TENANT". A URL that pg::CheckUrl refuses is a fault.
  static PoolConfig FromEnv(config::Env& env, const std::string& service);
};

/// A bounded pool of connections. Thread-safe. Connections are opened when
/// first needed and replaced when broken.
class Pool {
 public:
  Pool(PoolConfig config, obs::Metrics& metrics);
  ~Pool();

  /// Runs `work` in one transaction as `tenant`, commits when it answers OK,
  /// else rolls back and passes its status on. Waiting for a connection ends
  /// at `deadline` with UNAVAILABLE (DATABASE_BUSY). A commit whose answer was
  /// lost is UNAVAILABLE (OUTCOME_UNKNOWN).
  absl::Status Transact(const Tenant& tenant, absl::Time deadline,
                        absl::FunctionRef<absl::Status(Transaction&)> work);

  /// One statement as one transaction in a single round trip: for hot paths.
  template <typename... Args>
  absl::StatusOr<Rows> Once(const Tenant& tenant, absl::Time deadline, const Query& query,
                            const Args&... args) {
    return OnceParams(tenant, deadline, query, {Param(args)...});
  }
  /// The same; `meanwhile` runs while the database works, and does not throw.
  template <typename... Args>
  absl::StatusOr<Rows> OnceWhile(absl::FunctionRef<void()> meanwhile, const Tenant& tenant,
                                 absl::Time deadline, const Query& query, const Args&... args) {
    CW_ASSIGN_OR_RETURN(auto rows,
                        OnceEach(tenant, deadline, query, {{Param(args)...}}, meanwhile));
    return std::move(rows.front());
  }
  absl::StatusOr<Rows> OnceParams(const Tenant& tenant, absl::Time deadline, const Query& query,
                                  std::vector<Param> params);
  /// One statement for each row of parameters, all of them one transaction in a single round
  /// trip; the rows of each, in order.
  absl::StatusOr<std::vector<Rows>> OnceEach(
      const Tenant& tenant, absl::Time deadline, const Query& query,
      std::vector<std::vector<Param>> each, absl::FunctionRef<void()> meanwhile = [] {});

  /// OK when the database answers and is safe to serve from: the role is
  /// neither superuser nor BYPASSRLS nor owner in `schema`, every table of
  /// `schema` that has a chain_id forces row security, fsync is on (unless
  /// CARTWISE_TEST_ALLOW_FSYNC_OFF=1).
  absl::Status CheckReady(std::string_view schema);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::pg
