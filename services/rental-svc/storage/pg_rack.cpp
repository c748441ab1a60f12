#include "storage/pg_rack.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/audit.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "domain/assign.hpp"
#include "domain/reasons.hpp"
#include "storage/by_cart.hpp"
#include "storage/look_up_keys.hpp"
#include "storage/rack_sql.hpp"

namespace cartwise::rental {
namespace {

using Kind = TakeResult::Kind;

constexpr absl::Duration kLookAgain = absl::Milliseconds(50);
constexpr size_t kMostTogether = 64;

// Runs statements, each as a transaction of its own in one round trip, or all within one: the
// next cart of a request is taken by the same statement as its first.
class Runner {
 public:
  Runner(pg::Pool& pool, pg::Tenant tenant, absl::Time deadline)
      : pool_(&pool), tenant_(std::move(tenant)), deadline_(deadline) {}
  explicit Runner(pg::Transaction& tx) : tenant_(pg::Tenant::Platform()), tx_(&tx) {}

  template <typename... Args>
  absl::StatusOr<pg::Rows> Run(const pg::Query& query, const Args&... args) {
    if (tx_ != nullptr) return tx_->Run(query, args...);
    return pool_->Once(tenant_, deadline_, query, args...);
  }

 private:
  pg::Pool* pool_ = nullptr;
  pg::Tenant tenant_;
  absl::Time deadline_;
  pg::Transaction* tx_ = nullptr;
};

Runner Single(pg::Pool& pool, const Caller& caller) {
  return Runner(pool, pg::Tenant::Of(caller), caller.deadline);
}

Kind KindOf(const std::string& outcome) {
  if (outcome == "TAKEN") return Kind::kTaken;
  if (outcome == "SEEN_BEFORE") return Kind::kSeenBefore;
  if (outcome == "BRANCH_NOT_FOUND") return Kind::kBranchNotFound;
  if (outcome == "BRANCH_INACTIVE") return Kind::kBranchInactive;
  if (outcome == "SHOPPER_HAS_RENTAL") return Kind::kShopperHasRental;
  if (outcome == "DEVICE_OFFLINE") return Kind::kDeviceOffline;
  if (outcome == "RACED") return Kind::kRaced;
  return Kind::kNoFreeCart;
}

// Of a step: the statement names the actor, who is whoever asked for the cart.
// A job that finds a step out has no role and place of theirs.
pg::Param StepAudit(const Caller& caller) {
  return outbox::AuditColumn(caller.principal == Principal::kService ? Audit{} : AuditOf(caller));
}

// What was written, from what was asked and what the statement chose.
Rental TakenRental(const pg::Row& row, const Taking& want) {
  Rental rental;
  rental.id = want.rental;
  rental.chain = row.As<ChainId>("chain_id");
  rental.branch = want.branch;
  rental.cart = row.As<CartId>("cart_id");
  rental.cart_number = static_cast<int>(row.Int("cart_number"));
  rental.controller = row.As<ControllerId>("controller_id");
  rental.locker_id = static_cast<int>(row.Int("locker_id"));
  rental.device = row.As<DeviceId>("device_id");
  rental.phone_masked = want.phone.masked;
  rental.phone_sealed = want.phone.sealed;
  rental.attempt = want.attempt;
  rental.start_time = row.Time("start_time");
  rental.expected_return = row.Time("expected_return");
  rental.notes = want.notes;
  rental.created_at = rental.start_time;
  rental.updated_at = rental.start_time;
  return rental;
}

absl::StatusOr<TakeResult> TakeWith(Runner& runner, const Taking& want, const Caller& caller,
                                    const Once* once) {
  using MaybeText = std::optional<std::string>;
  CW_ASSIGN_OR_RETURN(
      const pg::Rows rows,
      runner.Run(sql::kTake, want.branch, want.phone.hashes, want.rental,
                 pg::Bytes(want.phone.sealed), want.phone.masked, want.notes, want.requested_by,
                 once != nullptr ? MaybeText(once->Key()) : std::nullopt,
                 once != nullptr ? MaybeText(once->RequestHash()) : std::nullopt, want.now,
                 NewUuid(), caller.trace_id, want.attempt, outbox::AuditColumn(AuditOf(caller))));
  std::string outcome = rows.front().Text("outcome");
  if (outcome.empty()) {
    CW_ASSIGN_OR_RETURN(const pg::Rows why,
                        runner.Run(sql::kWhyNot, want.branch, want.phone.hashes, want.now));
    outcome = why.front().Text("outcome");
  }
  if (outcome == "LOOK_UP_KEY_MISSING") return LookUpKeyMissing();
  TakeResult result;
  result.kind = KindOf(outcome);
  result.request_hash = rows.front().Text("request_hash");
  if (result.kind == Kind::kTaken) result.rental = TakenRental(rows.front(), want);
  return result;
}

absl::StatusOr<bool> JamWith(Runner& runner, const Rental& rental, const std::string& end_reason,
                             const Caller& caller) {
  // An open hook on a cart that should stand there: it is not there.
  const bool already_open = end_reason == ends::kAlreadyOpen;
  CW_ASSIGN_OR_RETURN(const pg::Rows moved,
                      runner.Run(sql::kJam, rental.chain, rental.id, end_reason,
                                 already_open ? "the hook was open before the unlock"
                                              : "the lock stayed closed when it was told to open",
                                 already_open ? "cart.forced_open" : "cart.lock_jammed", NewUuid(),
                                 NewUuid(), caller.trace_id, !already_open, StepAudit(caller)));
  return !moved.empty();
}

}  // namespace

PgRack::PgRack(pg::Pool& pool)
    : pool_(pool), activations_(kMostTogether, [this](const std::string& chain, Activations all) {
        return ActivateAll(ChainId(chain), all);
      }) {}

absl::StatusOr<TakeResult> PgRack::Take(const Caller& caller, const Taking& want) {
  Runner runner = Single(pool_, caller);
  CW_ASSIGN_OR_RETURN(TakeResult result, TakeWith(runner, want, caller, caller.once));
  if (result.kind == Kind::kRaced) {
    CW_RETURN_IF_ERROR(runner.Run(sql::kAwaitRival, want.branch, want.now).status());
  }
  if (result.kind == Kind::kTaken || caller.once == nullptr) return result;
  // What stands in the way may be a twin of this very request that was quicker.
  CW_ASSIGN_OR_RETURN(auto earlier, FindEarlier(caller, want.branch));
  if (earlier) return *std::move(earlier);
  // Its rental was cancelled in between.
  if (result.kind == Kind::kSeenBefore) result.kind = Kind::kRaced;
  return result;
}

absl::StatusOr<std::optional<TakeResult>> PgRack::FindEarlier(const Caller& caller,
                                                              const BranchId& branch) {
  Runner runner = Single(pool_, caller);
  CW_ASSIGN_OR_RETURN(const pg::Rows rows,
                      runner.Run(sql::kEarlier, branch, RequesterOf(caller), caller.once->Key()));
  if (rows.empty()) return std::nullopt;
  TakeResult result;
  result.kind = Kind::kSeenBefore;
  result.rental = ReadRental(rows.front());
  result.request_hash = rows.front().Text("request_hash");
  return result;
}

absl::StatusOr<std::optional<TakeResult>> PgRack::AwaitEarlier(const Caller& caller,
                                                               const BranchId& branch,
                                                               absl::Time until) {
  for (;;) {
    CW_ASSIGN_OR_RETURN(auto earlier, FindEarlier(caller, branch));
    const bool settled = !earlier || earlier->rental.status != RentalStatus::kOpening;
    if (settled || absl::Now() >= until) return earlier;
    absl::SleepFor(kLookAgain);
  }
}

void PgRack::Rehearse(const Caller& caller, const Rental& rental) {
  // Where many carts open at once everything is at hand, and no connection is worth waiting for.
  if (rehearsing_.test_and_set()) return;
  Runner runner(pool_, pg::Tenant::Of(rental.chain), absl::Now());
  const auto nothing = runner.Run(sql::kActivate, rental.chain, RentalId::New(), absl::Now(),
                                  NewUuid(), caller.trace_id, StepAudit(caller));
  nothing.status().IgnoreError();
  rehearsing_.clear();
}

absl::StatusOr<bool> PgRack::Activate(const Caller& caller, const Rental& rental, absl::Time at) {
  return activations_.Do(rental.chain.value(), {caller, rental, at}, caller.deadline);
}

std::vector<absl::StatusOr<bool>> PgRack::ActivateAll(const ChainId& chain, Activations all) {
  std::vector<OfCart> each;
  absl::Time deadline = absl::InfinitePast();
  for (const Activation* one : all) {
    each.push_back({one->rental.cart,
                    {chain, one->rental.id, one->at, NewUuid(), one->caller.trace_id,
                     StepAudit(one->caller)}});
    deadline = std::max(deadline, one->caller.deadline);
  }
  const auto moved = OnceEachByCart(pool_, chain, deadline, sql::kActivate, std::move(each));
  if (!moved.ok()) return std::vector<absl::StatusOr<bool>>(all.size(), moved.status());
  std::vector<absl::StatusOr<bool>> answers;
  for (const pg::Rows& rows : *moved) answers.emplace_back(!rows.empty());
  return answers;
}

absl::StatusOr<bool> PgRack::Doubt(const Caller& caller, const Rental& rental) {
  Runner runner = Single(pool_, caller);
  CW_ASSIGN_OR_RETURN(const pg::Rows moved,
                      runner.Run(sql::kDoubt, rental.chain, rental.id, NewUuid(), caller.trace_id,
                                 StepAudit(caller)));
  return !moved.empty();
}

absl::StatusOr<bool> PgRack::Cancel(const Caller& caller, const Rental& rental,
                                    const std::string& end_reason) {
  Runner runner = Single(pool_, caller);
  CW_ASSIGN_OR_RETURN(const pg::Rows moved,
                      runner.Run(sql::kCancel, rental.chain, rental.id, end_reason, NewUuid(),
                                 caller.trace_id, StepAudit(caller)));
  return !moved.empty();
}

absl::StatusOr<bool> PgRack::Jam(const Caller& caller, const Rental& rental,
                                 const std::string& end_reason) {
  Runner runner = Single(pool_, caller);
  return JamWith(runner, rental, end_reason, caller);
}

absl::StatusOr<TakeResult> PgRack::JamAndTake(const Caller& caller, const Rental& rental,
                                              const std::string& end_reason, const Taking& next) {
  TakeResult result;
  const auto jam_and_take = [&](bool once_more) {
    return pool_.Transact(
        pg::Tenant::Of(caller), caller.deadline, [&](pg::Transaction& tx) -> absl::Status {
          Runner runner(tx);
          // False: the recovery has jammed it already; the request goes on all the same.
          CW_RETURN_IF_ERROR(JamWith(runner, rental, end_reason, caller).status());
          CW_ASSIGN_OR_RETURN(result, TakeWith(runner, next, caller, /*once=*/nullptr));
          if (result.kind == Kind::kRaced && once_more) return absl::AbortedError("once more");
          if (result.kind != Kind::kTaken || caller.once == nullptr) return absl::OkStatus();
          return runner
              .Run(sql::kMoveKey, rental.chain, RequesterOf(caller), caller.once->Key(),
                   next.rental)
              .status();
        });
  };
  absl::Status done = jam_and_take(/*once_more=*/true);
  if (result.kind == Kind::kRaced) {
    // Undone meanwhile: who repeats the request must not take a jammed lock for its end.
    Runner runner = Single(pool_, caller);
    runner.Run(sql::kAwaitRival, next.branch, next.now).status().IgnoreError();
    done = jam_and_take(/*once_more=*/false);
  }
  if (!done.ok()) return done;
  return result;
}

absl::StatusOr<Rental> PgRack::Find(const Caller& caller, const Rental& rental) {
  Runner runner = Single(pool_, caller);
  CW_ASSIGN_OR_RETURN(const pg::Rows rows, runner.Run(sql::kFindRental, rental.chain, rental.id));
  if (rows.empty()) return reasons::RentalNotFound();
  return ReadRental(rows.front());
}

}  // namespace cartwise::rental
