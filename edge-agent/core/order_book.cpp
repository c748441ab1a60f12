#include "core/order_book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cartwise::edge {

OrderBook::OrderBook(Tools tools, std::string epoch) : tools_(tools), epoch_(std::move(epoch)) {}

void OrderBook::Add(Driver& driver) {
  drivers_.push_back(&driver);
}

Driver* OrderBook::DriverOf(const Order& order) {
  for (Driver* driver : drivers_) {
    if (driver->Handles(order.kind)) return driver;
  }
  return nullptr;
}

void OrderBook::Recover() {
  if (recovered()) return;
  const auto kept = tools_.store.Load();
  if (!kept.ok()) {
    if (std::exchange(told_of_disk_, true)) return;
    tools_.diary.Error("cannot read earlier orders; trying again until it is possible",
                       {{"fault", std::string(kept.status().message())}});
    return;
  }
  std::vector<Order> interrupted;
  std::vector<OrderStore::Acted> acted;
  {
    std::lock_guard lock(mutex_);
    // What this life has begun meanwhile may be in the store as well.
    std::copy_if(kept->acted.rbegin(), kept->acted.rend(), std::back_inserter(acted),
                 [&](const auto& each) { return !entries_.contains(each.order.id); });
    for (const CommandId& id : kept->settled) {
      if (entries_.try_emplace(id, Entry{.phase = Phase::kSettled}).second) settled_.push_back(id);
    }
    for (const CommandResult& result : kept->results) {
      const Entry entry{.phase = Phase::kEnded, .result = result};
      if (entries_.try_emplace(result.id, entry).second) ended_.push_back(result.id);
    }
    for (const Order& order : kept->intents) {
      if (!entries_.contains(order.id)) interrupted.push_back(order);
    }
  }
  for (const Order& order : interrupted) {
    if (Driver* driver = DriverOf(order)) driver->Interrupted(order);
    Finish({.id = order.id, .outcome = Outcome::kUnknown, .reason = reasons::kInterrupted});
  }
  for (const auto& [order, at] : acted) {
    if (Driver* driver = DriverOf(order)) driver->Acted(order, at);
  }
  {
    std::lock_guard lock(mutex_);
    recovered_ = true;
  }
  tools_.sender.Ring();
}

bool OrderBook::recovered() const {
  std::lock_guard lock(mutex_);
  return recovered_;
}

void OrderBook::SetOwner(DeviceId device, ChainId chain) {
  std::lock_guard lock(mutex_);
  device_ = std::move(device);
  chain_ = std::move(chain);
}

bool OrderBook::Known(const CommandId& id) {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return false;
  tools_.diary.Warning("an order came again; it is carried out once", {{"command_id", id.value()}});
  // Its end was sent on an older stream at the latest; say it again.
  if (found->second.phase == Phase::kEnded) tools_.sender.Ring();
  return true;
}

void OrderBook::Offer(const SignedOrder& signed_order) {
  const Order& order = signed_order.order;
  std::optional<Refusal> refusal;
  if (!tools_.verifier.Verify(signed_order)) {
    // Whoever wrote this may have copied the id of a real order.
    tools_.diary.Error("an order with a bad signature was refused",
                       {{"command_id", order.id.value()}});
    if (order.id.empty() || Known(order.id) || !recovered()) return;
    return Finish(
        {.id = order.id, .outcome = Outcome::kRejected, .reason = reasons::kBadSignature});
  }
  // A contradiction of what was said before would free a lock that opened.
  if (Known(order.id)) return;
  // It may be of an earlier life that ended it already.
  if (order.agent_epoch != epoch_ && !recovered()) return;
  refusal = Check(signed_order);
  if (refusal)
    return Finish({.id = order.id, .outcome = refusal->outcome, .reason = refusal->reason});
  tools_.failpoints.Hit(Failpoints::kAfterAccept);
  refusal = DriverOf(order)->Submit(order);
  if (refusal) Finish({.id = order.id, .outcome = refusal->outcome, .reason = refusal->reason});
}

std::optional<Refusal> OrderBook::Check(const SignedOrder& signed_order) {
  const Order& order = signed_order.order;
  std::lock_guard lock(mutex_);
  if (device_.empty() || order.device != device_ || order.chain != chain_) {
    return Refusal{Outcome::kRejected, reasons::kNotMyLock};
  }
  if (order.agent_epoch != epoch_) return Refusal{Outcome::kDropped, reasons::kWrongEpoch};
  if (order.seq <= last_seq_) return Refusal{Outcome::kDropped, reasons::kOldSequence};
  last_seq_ = order.seq;
  if (DriverOf(order) == nullptr) return Refusal{Outcome::kRejected, reasons::kUnknownKind};
  if (tools_.clock.SinceBoot() > order.not_after) {
    return Refusal{Outcome::kDropped, reasons::kTooLate};
  }
  entries_[order.id] = {.phase = Phase::kRunning, .stream = stream_, .order = order};
  return std::nullopt;
}

void OrderBook::Intend(const CommandId& id) {
  Order order;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found != entries_.end()) order = found->second.order;
  }
  // Beyond this line a restart reports UNKNOWN; with a full disk it says
  // nothing, and the sweep after it shows what the lock did.
  if (const absl::Status status = tools_.store.SaveIntent(order); !status.ok()) {
    tools_.diary.Error("the disk does not take an intent; keeping it in memory",
                       {{"command_id", id.value()}, {"fault", std::string(status.message())}});
  }
  tools_.failpoints.Hit(Failpoints::kAfterIntent);
}

void OrderBook::Proving(const CommandId& id) {
  {
    std::lock_guard lock(mutex_);
    proving_.push_back(id);
  }
  tools_.sender.Ring();
}

std::optional<CommandId> OrderBook::TakeProving() {
  std::lock_guard lock(mutex_);
  if (proving_.empty()) return std::nullopt;
  CommandId id = std::move(proving_.front());
  proving_.pop_front();
  return id;
}

void OrderBook::Finish(const CommandResult& result) {
  {
    std::lock_guard lock(mutex_);
    Entry& entry = entries_[result.id];
    entry.phase = Phase::kEnded;
    entry.result = result;
    entry.order = {};
    std::erase(proving_, result.id);
    ended_.push_back(result.id);
  }
  // Somebody waits for it, and the disk can wait: a restart in between reports UNKNOWN, which
  // changes nothing of what was said.
  tools_.sender.Ring();
  Keep(result);
  Say(result);
}

void OrderBook::Keep(const CommandResult& result) {
  if (const absl::Status status = tools_.store.SaveResult(result); !status.ok()) {
    tools_.diary.Error(
        "the disk does not take a result; keeping it in memory",
        {{"command_id", result.id.value()}, {"fault", std::string(status.message())}});
  }
  tools_.failpoints.Hit(Failpoints::kAfterResult);
  // The cloud was quicker.
  if (!Waiting(result.id)) tools_.store.Settle(result.id).IgnoreError();
}

void OrderBook::Say(const CommandResult& result) {
  tools_.diary.Info("order ended", {{"command_id", result.id.value()},
                                    {"outcome", std::string(OutcomeName(result.outcome))},
                                    {"reason", result.reason}});
}

void OrderBook::BeginStream() {
  std::lock_guard lock(mutex_);
  ++stream_;
}

bool OrderBook::OlderRunning() const {
  std::lock_guard lock(mutex_);
  return std::any_of(entries_.begin(), entries_.end(), [&](const auto& each) {
    return each.second.phase == Phase::kRunning && each.second.stream < stream_;
  });
}

std::optional<CommandResult> OrderBook::NextResult(const std::set<CommandId>& sent) const {
  std::lock_guard lock(mutex_);
  for (const CommandId& id : ended_) {
    if (!sent.contains(id)) return entries_.at(id).result;
  }
  return std::nullopt;
}

bool OrderBook::Waiting(const CommandId& id) const {
  std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.phase == Phase::kEnded;
}

void OrderBook::ResultCommitted(const CommandId& id) {
  std::vector<CommandId> forgotten;
  {
    std::lock_guard lock(mutex_);
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.phase != Phase::kEnded) return;
    found->second = {.phase = Phase::kSettled};
    std::erase(ended_, id);
    settled_.push_back(id);
    while (settled_.size() > kRemembered) {
      entries_.erase(settled_.front());
      forgotten.push_back(settled_.front());
      settled_.pop_front();
    }
  }
  tools_.store.Settle(id).IgnoreError();
  for (const CommandId& old : forgotten) tools_.store.Forget(old).IgnoreError();
}

int64_t OrderBook::last_seq() const {
  std::lock_guard lock(mutex_);
  return last_seq_;
}

}  // namespace cartwise::edge
