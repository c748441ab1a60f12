#include "core/lock_driver.hpp"

#include <algorithm>
#include <optional>

namespace cartwise::edge {
namespace {

constexpr std::string_view kUnlock = "lock.unlock";
constexpr std::string_view kRead = "lock.read";

/// How long after its pulse an order explains an opening: a sticky bolt gives
/// way when somebody pulls.
constexpr absl::Duration kExplains = absl::Seconds(10);
/// The same over a restart: the first sweep tells, once the port is open.
constexpr absl::Duration kExplainsLater = absl::Seconds(30);

std::optional<cu16::Lock> LockIn(const Order& order) {
  const auto number = order.arguments.Whole("lock");
  if (!number || *number < 1 || *number > cu16::kLocksPerBoard) return std::nullopt;
  return cu16::Lock::Printed(static_cast<int>(*number));
}

}  // namespace

LockDriver::LockDriver(EventJournal& journal, OrderLedger& ledger, const Clock& clock, Diary& diary,
                       Doorbell& session)
    : journal_(journal), ledger_(ledger), clock_(clock), diary_(diary), session_(session) {
  Recover();
}

void LockDriver::Recover() {
  std::map<Bus*, std::vector<BoardSetup>> setups;
  {
    std::lock_guard lock(mutex_);
    if (recovered_ || !journal_.loaded()) return;
    recovered_ = true;
    kept_ = journal_.Marks();
    if (!configured_) return;
    for (const LockMark& mark : std::exchange(kept_, {})) {
      const auto known = boards_.find(mark.controller);
      if (known == boards_.end() || known->second.told.contains(mark.lock)) continue;
      known->second.marks[mark.lock] = mark;
    }
    for (auto& [id, known] : boards_) known.view.settled = false;
    setups = Setups(/*afresh=*/true);
  }
  for (auto& [bus, list] : setups) bus->Configure(std::move(list));
}

bool LockDriver::Recovered() const {
  std::lock_guard lock(mutex_);
  return recovered_;
}

void LockDriver::Add(Bus& bus) {
  buses_.push_back(&bus);
}

Bus* LockDriver::BusOf(const std::string& port) {
  const auto bus = std::find_if(buses_.begin(), buses_.end(),
                                [&](const Bus* each) { return each->settings().port == port; });
  return bus == buses_.end() ? nullptr : *bus;
}

void LockDriver::Configure(const std::vector<BoardConfig>& boards) {
  std::map<Bus*, std::vector<BoardSetup>> setups;
  {
    std::lock_guard lock(mutex_);
    boards_ = Carried(boards);
    kept_.clear();
    configured_ = snapshot_wish_ = true;
    for (const auto& [id, known] : boards_) {
      if (known.bus == nullptr) {
        diary_.Warning("a controller's port is none of this agent's buses",
                       {{"controller_id", id.value()}, {"port", known.config.port}});
        continue;
      }
      if (known.config.baudrate != known.bus->settings().baudrate) {
        diary_.Warning("a controller's baud rate is not that of its bus; using the bus's",
                       {{"controller_id", id.value()}, {"port", known.config.port}});
      }
    }
    setups = Setups(/*afresh=*/false);
  }
  for (auto& [bus, list] : setups) bus->Configure(std::move(list));
  session_.Ring();
}

std::map<Bus*, std::vector<BoardSetup>> LockDriver::Setups(bool afresh) const {
  std::map<Bus*, std::vector<BoardSetup>> setups;
  for (Bus* bus : buses_) setups[bus];
  for (const auto& [id, known] : boards_) {
    if (known.bus == nullptr) continue;
    BoardSetup setup{.config = known.config, .afresh = afresh};
    for (const auto& [number, mark] : known.marks) setup.known.push_back(mark);
    setups[known.bus].push_back(std::move(setup));
  }
  return setups;
}

std::map<ControllerId, LockDriver::Known> LockDriver::Carried(
    const std::vector<BoardConfig>& boards) {
  std::map<ControllerId, Known> next;
  for (const BoardConfig& config : boards) {
    if (!cu16::Board::Of(config.address)) continue;
    Known known{.config = config, .bus = BusOf(config.port)};
    known.view.controller = config.id;
    const auto before = boards_.find(config.id);
    if (before == boards_.end()) {
      for (const LockMark& mark : kept_) {
        if (mark.controller == config.id) known.marks[mark.lock] = mark;
      }
    } else if (before->second.config == config) {
      known = before->second;
    } else if (before->second.config.invert_hook == config.invert_hook &&
               before->second.config.has_ir == config.has_ir) {
      known.marks = before->second.marks;
    } else if (const auto reach = before->second.marks.find(0);
               reach != before->second.marks.end()) {
      // Other wiring: the locks mean something else now, the board is the same.
      known.marks[0] = reach->second;
    }
    next[config.id] = std::move(known);
  }
  return next;
}

bool LockDriver::Handles(std::string_view kind) const {
  return kind == kUnlock || kind == kRead;
}

std::optional<Refusal> LockDriver::Submit(const Order& order) {
  const ControllerId controller(order.arguments.Text("controller_id"));
  const bool unlock = order.kind == kUnlock;
  LockOrder lock_order{.id = order.id, .controller = controller, .not_after = order.not_after};
  if (unlock) lock_order.unlock = LockIn(order);
  Bus* bus = nullptr;
  {
    std::lock_guard lock(mutex_);
    const auto known = boards_.find(controller);
    if (known == boards_.end() || known->second.bus == nullptr || (unlock && !lock_order.unlock)) {
      return Refusal{Outcome::kRejected, reasons::kNotMyLock};
    }
    bus = known->second.bus;
    if (unlock) {
      const LockKey key{controller, lock_order.unlock->number()};
      const bool busy = std::any_of(running_.begin(), running_.end(),
                                    [&](const auto& each) { return each.second == key; });
      if (busy) return Refusal{Outcome::kDropped, reasons::kLockBusy};
      running_[order.id] = key;
    }
  }
  bus->Submit(std::move(lock_order));
  return std::nullopt;
}

void LockDriver::Interrupted(const Order& order) {
  Explains(order, clock_.SinceBoot() + kExplainsLater);
}

void LockDriver::Acted(const Order& order, absl::Duration at) {
  // A moment that is still to come was one of another boot, how long ago nobody knows.
  if (at <= clock_.SinceBoot()) Explains(order, at + kExplainsLater);
}

void LockDriver::Explains(const Order& order, absl::Duration until) {
  const auto lock_number = LockIn(order);
  if (order.kind != kUnlock || !lock_number) return;
  std::lock_guard lock(mutex_);
  const LockKey key{ControllerId(order.arguments.Text("controller_id")), lock_number->number()};
  // What is there already is of a later order.
  pulsed_.try_emplace(key, Explanation{.order = order.id, .until = until});
}

bool LockDriver::Settled() const {
  std::lock_guard lock(mutex_);
  return configured_ && std::all_of(boards_.begin(), boards_.end(), [](const auto& each) {
           return each.second.bus == nullptr || each.second.view.settled;
         });
}

bool LockDriver::TakeSnapshotWish() {
  std::lock_guard lock(mutex_);
  return std::exchange(snapshot_wish_, false);
}

void LockDriver::JournalSnapshot() {
  std::lock_guard lock(mutex_);
  Value::List boards;
  for (const auto& [id, known] : boards_) {
    const bool reachable = known.view.settled && known.view.reach == Reach::kFound;
    boards.push_back(
        Value::Object{{"controller_id", id.value()},
                      {"reachable", reachable},
                      {"closed_mask", reachable ? static_cast<int>(known.view.agreed.closed) : 0},
                      {"item_mask", reachable ? static_cast<int>(known.view.agreed.items) : 0}});
  }
  snapshot_wish_ = false;
  journal_.Append(
      {.type = std::string(SnapshotType()),
       .payload = Value::Object{{"boards", std::move(boards)},
                                {"taken_at", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", clock_.Now(),
                                                              absl::UTCTimeZone())}}});
}

void LockDriver::OnBoard(const BoardView& view, const std::vector<LockChange>& changes,
                         const std::string& detail) {
  std::lock_guard lock(mutex_);
  const auto found = boards_.find(view.controller);
  if (found == boards_.end()) return;
  Known& known = found->second;
  const bool settles = view.settled && !known.view.settled;
  known.view = view;
  if (!detail.empty()) JournalReach(known, detail);
  for (const LockChange& change : changes) JournalChange(known, change);
  if (settles && view.reach == Reach::kFound) snapshot_wish_ = true;
  if (settles) session_.Ring();
}

void LockDriver::JournalReach(Known& known, const std::string& detail) {
  const LockMark mark{.controller = known.config.id, .state = static_cast<int>(known.view.reach)};
  const auto before = known.marks.find(0);
  // A restart alone is no news.
  if (before != known.marks.end() && before->second.state == mark.state) return;
  known.marks[0] = mark;
  known.told.insert(0);
  const bool lost = known.view.reach == Reach::kLost;
  diary_.Write(lost ? Diary::Weight::kWarning : Diary::Weight::kInfo,
               lost ? "board lost" : "board found",
               {{"controller_id", known.config.id.value()},
                {"address", std::to_string(known.config.address)},
                {"detail", detail}});
  journal_.Append(
      {.type = lost ? "lock.board_lost" : "lock.board_found",
       .subject = known.config.id.value(),
       .payload = Value::Object{{"controller_id", known.config.id.value()}, {"detail", detail}},
       .marks = {mark}});
}

void LockDriver::JournalChange(Known& known, const LockChange& change) {
  const ControllerId& id = known.config.id;
  const LockMark mark{.controller = id,
                      .lock = change.lock,
                      .state = static_cast<int>(change.state),
                      .left = static_cast<int>(change.left)};
  known.marks[change.lock] = mark;
  if (change.report != LockReport::kNone) known.told.insert(change.lock);
  EventDraft draft{.marks = {mark}};
  if (change.report != LockReport::kNone) {
    const bool opened = change.report == LockReport::kOpened;
    draft.type = opened ? "lock.opened" : "lock.closed";
    draft.subject = id.value();
    Value::Object payload{{"controller_id", id.value()},
                          {"lock", change.lock},
                          {"command_id", opened ? Explain({id, change.lock}) : std::string()},
                          {"item_left", opened ? "" : std::string(ItemLeftName(change.left))},
                          {"seen_by", change.swept ? "SWEEP" : "POLL"}};
    if (known.config.has_ir) payload.push_back({"item_present", change.item_present});
    draft.payload = std::move(payload);
  }
  journal_.Append(std::move(draft));
}

std::string LockDriver::Explain(const LockKey& lock) {
  const auto found = pulsed_.find(lock);
  if (found == pulsed_.end()) return {};
  const Explanation explanation = found->second;
  pulsed_.erase(found);
  return clock_.SinceBoot() <= explanation.until ? explanation.order.value() : std::string();
}

void LockDriver::OnPulse(const CommandId& order, const ControllerId& controller, int lock,
                         int nth) {
  if (nth == 1) {
    ledger_.Intend(order);
  } else {
    diary_.Warning("second pulse: the hook still reads closed",
                   {{"command_id", order.value()}, {"lock", std::to_string(lock)}});
  }
  std::lock_guard guard(mutex_);
  pulsed_[{controller, lock}] = {.order = order, .until = clock_.SinceBoot() + kExplains};
}

void LockDriver::OnResult(const CommandResult& result) {
  {
    std::lock_guard lock(mutex_);
    running_.erase(result.id);
  }
  ledger_.Finish(result);
}

}  // namespace cartwise::edge
