#include "cartwise/pg/pool.hpp"

#include <condition_variable>
#include <cstdlib>
#include <mutex>

#include <absl/time/clock.h>

#include "cartwise/base/development.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/refusals.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/pg/connection.hpp"
#include "cartwise/pg/dial.hpp"

namespace cartwise::pg {
namespace {

constexpr int kMostAgain = 2;
constexpr char kAllowFsyncOff[] = "CARTWISE_TEST_ALLOW_FSYNC_OFF";

// What row security compares with the chain of a row.
constexpr char kEverybody[] = "*";
constexpr char kNobody[] = "";

constexpr Query kBegin{"pg_begin", "BEGIN"};
constexpr Query kTenant{"pg_tenant", "SELECT set_config('cartwise.chain_id', $1, true)"};
constexpr Query kPlans{"pg_plans", "SELECT set_config('plan_cache_mode', $1, true)"};

Step StepOf(const Tenant& tenant) {
  if (tenant.platform()) return {kTenant, {kEverybody}};
  return {kTenant, {IsUuid(tenant.chain()) ? tenant.chain() : kNobody}};
}

std::vector<Step> After(std::vector<Step> prelude, const Query& query,
                        std::vector<std::vector<Param>> each) {
  if (query.plan == Query::Plan::kPerValues) prelude.push_back({kPlans, {"auto"}});
  for (std::vector<Param>& params : each) prelude.push_back({query, std::move(params)});
  return prelude;
}

absl::Status OutcomeUnknown() {
  return errors::Refuse(absl::StatusCode::kUnavailable, "OUTCOME_UNKNOWN",
                        "the database connection was lost while saving; ask for the thing "
                        "before you repeat, or repeat with the same Idempotency-Key");
}

}  // namespace

Tenant Tenant::Of(const Caller& caller) {
  if (caller.principal == Principal::kService || caller.IsPlatformAdmin()) return Platform();
  return Of(caller.chain);
}

Transaction::Transaction(Connection& connection, std::vector<Step> prelude)
    : connection_(connection), prelude_(std::move(prelude)) {}

absl::StatusOr<Rows> Transaction::RunParams(const Query& query, std::vector<Param> params) {
  CW_ASSIGN_OR_RETURN(auto rows, connection_.Execute(After(std::exchange(prelude_, {}), query,
                                                           {std::move(params)})));
  return std::move(rows.back());
}

PoolConfig PoolConfig::FromEnv(config::Env& env, const std::string& service) {
  const std::string name = service + "_DATABASE_URL";
  PoolConfig config;
  config.url = env.Text(name);
  config.connections = env.Number(service + "_DATABASE_POOL", config.connections, 2, 100);
  if (const absl::Status usable = CheckUrl(config.url); !config.url.empty() && !usable.ok()) {
    env.Fault(name, std::string(usable.message()));
  }
  return config;
}

struct Pool::State {
  PoolConfig config;
  obs::Metrics& metrics;
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<Connection>> idle;
  int lent = 0;

  class Lease;

  State(PoolConfig c, obs::Metrics& m) : config(std::move(c)), metrics(m) {
    if (!config.open) config.open = Connection::Open;
  }

  absl::StatusOr<Lease> Borrow(absl::Time deadline);
};

// The right to use one connection.
class Pool::State::Lease {
 public:
  explicit Lease(State& state) : state_(&state) {}
  Lease(Lease&& other) noexcept
      : state_(std::exchange(other.state_, nullptr)), connection_(std::move(other.connection_)) {}
  /// Whoever threw in the middle of a transaction does not come to GiveBack: then it is closed.
  ~Lease() { End(nullptr); }

  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }
  void GiveBack() { End(std::move(connection_)); }

 private:
  friend struct State;
  void End(std::unique_ptr<Connection> kept) {
    State* const state = std::exchange(state_, nullptr);
    if (state == nullptr) return;
    {
      std::lock_guard lock(state->mutex);
      --state->lent;
      if (kept && !kept->broken()) state->idle.push_back(std::move(kept));
    }
    state->freed.notify_one();
  }

  State* state_;
  std::unique_ptr<Connection> connection_;
};

absl::StatusOr<Pool::State::Lease> Pool::State::Borrow(absl::Time deadline) {
  std::unique_lock lock(mutex);
  const auto until = absl::ToChronoTime(std::min(deadline, absl::Now() + absl::Seconds(30)));
  if (!freed.wait_until(lock, until, [&] { return lent < config.connections; })) {
    return errors::DatabaseBusy();
  }
  ++lent;
  Lease lease(*this);
  while (!idle.empty() && !lease.connection_) {
    if (idle.back()->LooksAlive()) lease.connection_ = std::move(idle.back());
    idle.pop_back();
  }
  lock.unlock();
  if (!lease.connection_) {
    CW_ASSIGN_OR_RETURN(lease.connection_, config.open(config.url));
  }
  return lease;
}

Pool::Pool(PoolConfig config, obs::Metrics& metrics)
    : state_(std::make_unique<State>(std::move(config), metrics)) {}

Pool::~Pool() = default;

absl::Status Pool::Transact(const Tenant& tenant, absl::Time deadline,
                            absl::FunctionRef<absl::Status(Transaction&)> work) {
  CW_ASSIGN_OR_RETURN(auto connection, state_->Borrow(deadline));
  Transaction tx(*connection, {{kBegin, {}}, StepOf(tenant)});
  absl::Status done = work(tx);
  const bool begun = tx.prelude_.empty() || tx.prelude_.front().query.name != kBegin.name;
  if (begun && !connection->broken()) {
    if (done.ok()) {
      done = connection->Commit();
      if (connection->broken()) done = OutcomeUnknown();
    } else {
      connection->Raw("ROLLBACK").status().IgnoreError();
    }
  }
  connection.GiveBack();
  return done;
}

absl::StatusOr<Rows> Pool::OnceParams(const Tenant& tenant, absl::Time deadline, const Query& query,
                                      std::vector<Param> params) {
  CW_ASSIGN_OR_RETURN(auto rows, OnceEach(tenant, deadline, query, {std::move(params)}));
  return std::move(rows.front());
}

absl::StatusOr<std::vector<Rows>> Pool::OnceEach(const Tenant& tenant, absl::Time deadline,
                                                 const Query& query,
                                                 std::vector<std::vector<Param>> each,
                                                 absl::FunctionRef<void()> meanwhile) {
  CW_ASSIGN_OR_RETURN(auto connection, state_->Borrow(deadline));
  const absl::Time begin = absl::Now();
  const auto wanted = static_cast<ptrdiff_t>(each.size());
  const std::vector<Step> steps = After({StepOf(tenant)}, query, std::move(each));
  auto rows = connection->Execute(steps, meanwhile);
  // What lost a deadlock has left nothing behind, and whoever won it is done.
  for (int again = 0; absl::IsAborted(rows.status()) && again < kMostAgain; ++again) {
    rows = connection->Execute(steps);
  }
  state_->metrics.Seconds("cartwise_pg_query_seconds", {{"query", query.name}},
                          absl::ToDoubleSeconds(absl::Now() - begin));
  const bool lost = connection->broken();
  connection.GiveBack();
  if (lost) return OutcomeUnknown();
  if (rows.ok()) rows->erase(rows->begin(), rows->end() - wanted);
  return rows;
}

absl::Status Pool::CheckReady(std::string_view schema) {
  static constexpr Query kRole{"pg_check_role", R"sql(
    SELECT r.rolsuper OR r.rolbypassrls AS bypass, current_setting('fsync') AS fsync,
           (SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND c.relowner = r.oid) AS owned,
           (SELECT string_agg(c.relname, ', ') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'chain_id' AND NOT a.attisdropped
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')
               AND NOT (c.relrowsecurity AND c.relforcerowsecurity)) AS unforced,
           (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')) AS tables
      FROM pg_roles r WHERE r.rolname = current_user)sql"};
  CW_ASSIGN_OR_RETURN(const Rows rows,
                      Once(Tenant::Of(ChainId()), absl::Now() + absl::Seconds(5), kRole, schema));
  const Row row = rows.front();
  const auto unsafe = [](const std::string& why) { return absl::FailedPreconditionError(why); };
  if (row.Bool("bypass")) return unsafe("the database role could bypass row security");
  if (row.Int("tables") == 0) return unsafe("the schema is empty: run the migrations");
  if (!row.IsNull("owned")) return unsafe("the database role owns " + row.Text("owned"));
  if (!row.IsNull("unforced")) {
    return unsafe("row security is not forced on " + row.Text("unforced"));
  }
  const char* set = std::getenv(kAllowFsyncOff);
  const bool lenient = set != nullptr && std::string_view(set) == "1";
  if (lenient) CW_RETURN_IF_ERROR(CheckDevelopment(kAllowFsyncOff));
  if (row.Text("fsync") != "on" && !lenient) {
    return unsafe("fsync is off: what is acknowledged could be lost");
  }
  return absl::OkStatus();
}

}  // namespace cartwise::pg
