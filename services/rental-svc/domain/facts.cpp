#include "domain/facts.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"
#include "domain/recovery.hpp"

namespace cartwise::rental {
namespace {

constexpr int kLooks = 5;
constexpr size_t kMostRuns = 16;
constexpr size_t kMostTogether = 64;  // in a transaction

absl::Status StillChanging() {
  return absl::AbortedError("a lock's rental changes faster than it can be looked at");
}

LockState StateOf(const SnapshotTold& snapshot, const SnapshotTold::Board& board, int lock,
                  const LockView& view) {
  const uint32_t bit = 1u << unsigned(lock - 1);
  LockState state;
  state.cart = view.status;
  state.cloud_locked = view.is_locked;
  state.staff_opened = !view.staff_unlock.empty();
  if (view.rental) {
    state.rental = view.rental->status;
    // An open hook proves something from the start on; a closed one proves
    // nothing while the command may still be on its way.
    const bool closed = board.reachable && (board.closed_mask & bit) != 0;
    const absl::Time proof_from = view.rental->opened_at.value_or(
        view.rental->start_time + (closed ? kCommandLife : absl::ZeroDuration()));
    state.predates = snapshot.taken_at < proof_from;
  }
  if (!board.reachable) {
    state.hook = Hook::kUnreachable;
  } else {
    state.hook = (board.closed_mask & bit) != 0 ? Hook::kClosed : Hook::kOpen;
  }
  if (view.has_ir) state.item = (board.item_mask & bit) != 0 ? Item::kPresent : Item::kAbsent;
  return state;
}

std::string CloudSays(const LockView& view) {
  return Name(view.status) + (view.is_locked ? " locked" : " open") +
         (view.rental ? " " + Name(view.rental->status) : "");
}

}  // namespace

EventId EventOfLock(const EventId& snapshot, const ControllerId& controller, int lock) {
  // Another UUID, made of both: the last digit tells the lock, the ones before
  // are mixed with the board's.
  std::string id = snapshot.value();
  const std::string& board = controller.value();
  static constexpr char kHex[] = "0123456789abcdef";
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (size_t i = 24; i < id.size() && i < board.size(); ++i) {
    id[i] = kHex[(digit(id[i]) ^ digit(board[i])) & 15];
  }
  id.back() = kHex[(digit(id.back()) + lock) & 15];
  return EventId(id);
}

Verdict VerdictOf(const Rule& rule, const LockState& state, const LockView& view,
                  const SnapshotTold& snapshot, absl::Time now) {
  const bool closed = state.hook == Hook::kClosed;
  Verdict verdict;
  const auto end = [&](RentalStatus status, std::optional<absl::Time> at) {
    verdict.rental = Verdict::OfRental::kEnd;
    verdict.end_status = status;
    verdict.end_reason = ends::kReconciled;
    verdict.ended_by = "device:" + snapshot.device.value();
    verdict.at = at;
    verdict.cart_status = CartStatus::kAvailable;
    verdict.is_locked = true;
  };
  switch (rule.effect) {
    case Effect::kNothing:
      break;
    case Effect::kQuestion:
      verdict.is_locked = closed;  // so the shopper may end the rental
      break;
    case Effect::kFollowHook:
      verdict.is_locked = closed;
      verdict.closes_staff_unlock = closed && !view.staff_unlock.empty();
      break;
    case Effect::kActivate:
      verdict.rental = Verdict::OfRental::kActivate;
      verdict.at = Plausible(snapshot.taken_at, *view.rental, now);
      verdict.is_locked = false;
      break;
    case Effect::kCancel:
      end(RentalStatus::kCancelled, std::nullopt);
      break;
    case Effect::kReturn: {
      const absl::Time at = Plausible(snapshot.taken_at, *view.rental, now);
      end(ReturnedStatus(*view.rental, at, view.offline_credit), at);
      break;
    }
    case Effect::kFree:
      verdict.cart_status = CartStatus::kAvailable;
      verdict.is_locked = true;
      verdict.cart_event = "cart.updated";
      break;
    case Effect::kAlarm:
      verdict.cart_status = CartStatus::kMaintenance;
      verdict.is_locked = false;
      verdict.note = "opened while nobody was looking";
      verdict.cart_event = "cart.forced_open";
      break;
    case Effect::kSetAside:
      verdict.cart_status = CartStatus::kMaintenance;
      verdict.is_locked = closed;
      verdict.note = std::string("set aside by rule ") + rule.name;
      verdict.cart_event = "cart.maintenance";
      break;
  }
  return verdict;
}

Facts::Facts(FactStore& store, Recovery& recovery, const Clock& clock, absl::Duration grace)
    : store_(store),
      recovery_(recovery),
      clock_(clock),
      grace_(grace),
      changes_(kMostRuns, [this](const std::string&, Runs runs) { return TakeRuns(runs); }) {}

absl::Status Facts::Take(std::span<const Fact> facts, absl::Time deadline) {
  Run run;
  const auto take_run = [&]() -> absl::Status {
    if (run.empty()) return absl::OkStatus();
    const Run changes = std::exchange(run, {});
    return changes_.Do(changes.front()->chain.value(), changes, deadline);
  };
  for (const Fact& fact : facts) {
    const auto* change = std::get_if<LockChange>(&fact);
    const bool goes_on = change != nullptr && (run.empty() || change->chain == run.front()->chain);
    if (!goes_on) CW_RETURN_IF_ERROR(take_run());
    if (change != nullptr) run.push_back(change);
    if (change == nullptr) CW_RETURN_IF_ERROR(TakeOther(fact));
  }
  return take_run();
}

absl::Status Facts::TakeOther(const Fact& fact) {
  if (const auto* snapshot = std::get_if<SnapshotTold>(&fact)) return TakeSnapshot(*snapshot);
  if (const auto* command = std::get_if<CommandTold>(&fact)) {
    // While a request still waits for the outcome, it is the request's to write.
    CW_ASSIGN_OR_RETURN(const auto doubtful, store_.Hear(*command));
    return doubtful ? recovery_.Settle(*doubtful, command->outcome) : absl::OkStatus();
  }
  if (const auto* told = std::get_if<ChainTold>(&fact)) return store_.Put(*told);
  if (const auto* told = std::get_if<BranchTold>(&fact)) return store_.Put(*told);
  if (const auto* told = std::get_if<ControllerTold>(&fact)) return store_.Put(*told);
  return store_.Put(std::get<PresenceTold>(fact));
}

std::vector<absl::Status> Facts::TakeRuns(Runs runs) {
  Run all;
  for (const Run* run : runs) all.insert(all.end(), run->begin(), run->end());
  return std::vector<absl::Status>(runs.size(), TakeRun(std::move(all)));
}

absl::Status Facts::TakeRun(Run changes) {
  int races_lost = 0;
  while (!changes.empty()) {
    // Changes of one lock build on each other: each has a turn of its own.
    Run turn, later;
    std::set<std::pair<ControllerId, int>> locks;
    for (const LockChange* change : changes) {
      const bool now =
          turn.size() < kMostTogether && locks.emplace(change->controller, change->lock).second;
      (now ? turn : later).push_back(change);
    }
    CW_ASSIGN_OR_RETURN(auto views, store_.Look(turn));
    std::vector<Ruling> rulings;
    for (size_t i = 0; i < turn.size(); ++i) {
      if (!views[i]) continue;  // a lock without a cart
      if (auto ruling = RulingOn(*turn[i], *std::move(views[i]))) rulings.push_back(*ruling);
    }
    Run again;
    if (!rulings.empty()) {
      CW_ASSIGN_OR_RETURN(const std::vector<bool> applied, store_.Apply(rulings));
      for (size_t i = 0; i < rulings.size(); ++i) {
        if (!applied[i]) again.push_back(rulings[i].about);
      }
    }
    races_lost = again.empty() ? 0 : races_lost + 1;
    if (races_lost == kLooks) return StillChanging();
    again.insert(again.end(), later.begin(), later.end());
    changes = std::move(again);
  }
  return absl::OkStatus();
}

std::optional<Ruling> Facts::RulingOn(const LockChange& change, LockView view) const {
  const absl::Time now = clock_.Now();
  Verdict verdict =
      change.closed ? JudgeClosing(view, change, grace_, now) : JudgeOpening(view, change, now);
  if (verdict.Nothing()) return std::nullopt;
  std::optional<Recorded> record;
  if (!verdict.set_aside.empty()) {
    record = Recorded{CloudSays(view), change.closed ? "CLOSED" : "OPEN", verdict.set_aside,
                      Name(Decision::kKeep)};
  }
  return Ruling{&change, std::move(view), std::move(verdict), std::move(record)};
}

absl::Status Facts::TakeSnapshot(const SnapshotTold& snapshot) {
  for (const SnapshotTold::Board& board : snapshot.boards) {
    LockChange about;
    about.event = snapshot.event;
    about.chain = snapshot.chain;
    about.device = snapshot.device;
    about.controller = board.controller;
    about.occurred_at = snapshot.taken_at;
    CW_ASSIGN_OR_RETURN(auto views, store_.LookAtBoard(about));
    for (auto& [lock, view] : views) {
      // What it says may be out of date by now.
      if (view.seen) return absl::OkStatus();
      CW_RETURN_IF_ERROR(ReconcileLock(snapshot, board, lock, std::move(view)));
    }
  }
  return store_.MarkSeen(snapshot.chain, snapshot.event);
}

absl::Status Facts::ReconcileLock(const SnapshotTold& snapshot, const SnapshotTold::Board& board,
                                  int lock, LockView view) {
  LockChange about;
  about.event = EventOfLock(snapshot.event, board.controller, lock);
  about.chain = snapshot.chain;
  about.device = snapshot.device;
  about.controller = board.controller;
  about.lock = lock;
  about.occurred_at = snapshot.taken_at;
  for (int look = 0; look < kLooks; ++look) {
    const LockState state = StateOf(snapshot, board, lock, view);
    const Rule& rule = Decide(state);
    if (!Differs(state, rule)) return absl::OkStatus();
    const Recorded record{CloudSays(view), Name(state.hook), rule.name, Name(rule.decision)};
    const Ruling ruling{&about, view, VerdictOf(rule, state, view, snapshot, clock_.Now()), record};
    CW_ASSIGN_OR_RETURN(const std::vector<bool> applied, store_.Apply({&ruling, 1}));
    if (applied.front()) return absl::OkStatus();
    const LockChange* const again = &about;
    CW_ASSIGN_OR_RETURN(auto views, store_.Look({&again, 1}));
    if (!views.front()) return absl::OkStatus();
    view = *std::move(views.front());
  }
  return StillChanging();
}

}  // namespace cartwise::rental
