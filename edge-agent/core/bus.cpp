#include "core/bus.hpp"

#include <algorithm>
#include <utility>

namespace cartwise::edge {
namespace {

constexpr absl::Duration kLongestIdle = absl::Seconds(60);

void Add(cu16::ParserCounters& to, const cu16::ParserCounters& from) {
  to.replies += from.replies;
  to.strays += from.strays;
  to.bad_sums += from.bad_sums;
  to.echoes += from.echoes;
  to.garbage_bytes += from.garbage_bytes;
}

/// An order that ends before anything was tried.
CommandResult NotTried(const CommandId& id, Outcome outcome, const char* reason, Value seen = {}) {
  return {.id = id, .outcome = outcome, .reason = reason, .seen = std::move(seen)};
}

}  // namespace

Bus::Bus(BusSettings settings, Tools tools) : settings_(std::move(settings)), tools_(tools) {
  figures_.port = settings_.port;
}

void Bus::Configure(std::vector<BoardSetup> boards) {
  {
    std::lock_guard lock(mutex_);
    new_boards_ = std::move(boards);
  }
  tools_.bell.Ring();
}

void Bus::Submit(LockOrder order) {
  {
    std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  tools_.bell.Ring();
}

BusFigures Bus::figures() const {
  std::lock_guard lock(mutex_);
  return figures_;
}

bool Bus::busy() const {
  std::lock_guard lock(mutex_);
  return !tasks_.empty() || !orders_.empty();
}

void Bus::RunOnce() {
  TakeInbox();
  if (wire_) {
    wire_->AwaitGap();
    TakeInbox();
  }
  if (!wire_) {
    Reopen();
  } else if (!ServeTask() && !Reread()) {
    const bool due = tools_.clock.SinceBoot() >= next_sweep_ || !tasks_.empty();
    if (slots_.empty() || !due) {
      Idle();
    } else if (!ProbeLost()) {
      Sweep();
    }
  }
  EndTasks();
}

void Bus::TakeInbox() {
  std::deque<LockOrder> orders;
  std::optional<std::vector<BoardSetup>> boards;
  {
    std::lock_guard lock(mutex_);
    orders.swap(orders_);
    boards.swap(new_boards_);
  }
  if (boards) ApplyBoards(*boards);
  for (const LockOrder& order : orders) Admit(order);
  EndTasks();
}

void Bus::ApplyBoards(const std::vector<BoardSetup>& boards) {
  // An order goes on with the board it began with, and with no other.
  for (const auto& task : tasks_) {
    const BoardConfig& board = Find(task->controller())->board.config();
    const bool stays = std::any_of(boards.begin(), boards.end(),
                                   [&](const BoardSetup& setup) { return setup.config == board; });
    if (!stays) task->PortGone();
  }
  std::vector<std::unique_ptr<Slot>> slots;
  for (const BoardSetup& setup : boards) {
    const auto kept = std::find_if(slots_.begin(), slots_.end(), [&](const auto& slot) {
      return slot && !setup.afresh && slot->board.config() == setup.config;
    });
    slots.push_back(kept != slots_.end() ? std::move(*kept) : std::make_unique<Slot>(setup));
  }
  slots_ = std::move(slots);
  std::sort(slots_.begin(), slots_.end(), [](const auto& a, const auto& b) {
    return a->board.config().address < b->board.config().address;
  });
  next_sweep_ = tools_.clock.SinceBoot();
  if (!wire_) reopen_at_ = next_sweep_;
  PublishFigures();
}

void Bus::Admit(const LockOrder& order) {
  Slot* slot = Find(order.controller);
  if (slot == nullptr) {
    tools_.listener.OnResult(NotTried(order.id, Outcome::kRejected, reasons::kNotMyLock));
  } else if (!wire_) {
    tools_.listener.OnResult(NotTried(order.id, Outcome::kDropped, reasons::kPortGone));
  } else if (order.unlock && slot->board.reach() == Reach::kLost) {
    tools_.listener.OnResult(NotTried(order.id, Outcome::kDropped, reasons::kNoAnswer));
  } else if (order.unlock) {
    tasks_.push_back(std::make_unique<UnlockTask>(order.id, order.controller, *order.unlock,
                                                  order.not_after,
                                                  slot->board.state(*order.unlock)));
  } else {
    tasks_.push_back(std::make_unique<ReadTask>(order.id, order.controller, order.not_after));
  }
}

Bus::Slot* Bus::Find(const ControllerId& controller) {
  for (const auto& slot : slots_) {
    if (slot->board.config().id == controller) return slot.get();
  }
  return nullptr;
}

Bus::Slot* Bus::At(cu16::Board address) {
  for (const auto& slot : slots_) {
    if (slot->board.address() == address) return slot.get();
  }
  return nullptr;
}

void Bus::Reopen() {
  constexpr absl::Duration kFirstBackoff = absl::Milliseconds(250);
  constexpr absl::Duration kLongestBackoff = absl::Seconds(1);
  const absl::Duration now = tools_.clock.SinceBoot();
  if (slots_.empty() || now < reopen_at_) {
    tools_.bell.WaitUntil(slots_.empty() ? now + kLongestIdle : reopen_at_);
    return;
  }
  auto port = tools_.opener.Open();
  if (!port.ok()) {
    backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
    reopen_at_ = now + backoff_;
    if (std::exchange(open_fault_, std::string(port.status().message())) != open_fault_) {
      tools_.diary.Warning("cannot open the port; trying again until it is there",
                           {{"port", settings_.port}, {"fault", open_fault_}});
    }
    for (const auto& slot : slots_) {
      TellSilence(*slot, slot->board.Unreachable(), "port gone");
    }
    PublishFigures();
    return;
  }
  tools_.diary.Info("port open", {{"port", settings_.port}});
  open_fault_.clear();
  backoff_ = absl::ZeroDuration();
  wire_ = std::make_unique<Wire>(*std::move(port), tools_.clock, tools_.bell, settings_.gap,
                                 settings_.baudrate);
  next_sweep_ = tools_.clock.SinceBoot();
  PublishFigures();
}

void Bus::PortGone(const absl::Status& why) {
  tools_.diary.Warning("port gone; its boards are out of reach until it is back",
                       {{"port", settings_.port}, {"fault", std::string(why.message())}});
  Add(line_before_, wire_->counters());
  ++ports_lost_;
  wire_.reset();
  reopen_at_ = tools_.clock.SinceBoot() + absl::Milliseconds(250);
  for (const auto& task : tasks_) task->PortGone();
  for (const auto& slot : slots_) {
    TellSilence(*slot, slot->board.Unreachable(), "port gone");
  }
  PublishFigures();
}

bool Bus::ServeTask() {
  for (const Task::Step wanted : {Task::Step::kPulse, Task::Step::kRead}) {
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i]->Next(tools_.clock.SinceBoot()) != wanted) continue;
      Task& task = *tasks_[i];
      if (wanted == Task::Step::kPulse) {
        Pulse(task);
      } else {
        // The next read is for the one that waited longest.
        const auto served = tasks_.begin() + std::ptrdiff_t(i);
        std::rotate(served, served + 1, tasks_.end());
        ReadFor(task);
      }
      return true;
    }
  }
  return false;
}

void Bus::Pulse(Task& task) {
  const Slot* slot = Find(task.controller());
  const cu16::Lock lock = *task.lock();
  const auto request = cu16::Request::Unlock(slot->board.address(), lock);
  tools_.listener.OnPulse(task.id(), task.controller(), lock.number(), task.pulses() + 1);
  // The journal may have been slow; a pulse is never late.
  const absl::Duration now = tools_.clock.SinceBoot();
  if (task.Next(now) != Task::Step::kPulse) return;
  const absl::Status told = wire_->Tell(request);
  // A frame may have left although its port is gone, and the lock may be open.
  if (!absl::IsFailedPrecondition(told)) task.Pulsed(now);
  if (!told.ok()) return PortGone(told);
  tools_.failpoints.Hit(Failpoints::kAfterPulse);
}

void Bus::ReadFor(Task& task) {
  Slot* slot = Find(task.controller());
  if (task.BeginsProving()) tools_.listener.OnProving(task.id());
  const auto reply = wire_->Ask(cu16::Request::Status(slot->board.address()));
  if (task.pulses() > 0) tools_.failpoints.Hit(Failpoints::kAfterRead);
  if (!reply.ok()) return PortGone(reply.status());
  if (*reply) return Answered(*slot, **reply);
  task.Silent(tools_.clock.SinceBoot());
  Missed(*slot);
}

void Bus::EndTasks() {
  for (size_t i = 0; i < tasks_.size();) {
    if (tasks_[i]->Next(tools_.clock.SinceBoot()) != Task::Step::kDone) {
      ++i;
      continue;
    }
    const CommandResult result = tasks_[i]->result();
    tasks_.erase(tasks_.begin() + std::ptrdiff_t(i));
    tools_.listener.OnResult(result);
  }
}

bool Bus::Reread() {
  for (const auto& slot : slots_) {
    // A silence in a sweep is asked after by name, one on a bus of one board is
    // not: the next poll does the same.
    const bool wanted = slot->board.wants_reread() || (slot->silent && slots_.size() > 1);
    if (!wanted || slot->reread_done || slot->board.reach() == Reach::kLost) continue;
    slot->reread_done = true;
    Poll(*slot, Wire::kReplyDeadline);
    return true;
  }
  return false;
}

void Bus::Sweep() {
  for (const auto& slot : slots_) slot->reread_done = false;
  if (slots_.size() == 1) {
    Poll(*slots_.front(), Wire::kReplyDeadline);
  } else if (const absl::Status status = SweepAll(); !status.ok()) {
    return PortGone(status);
  }
  next_sweep_ = tools_.clock.SinceBoot() + settings_.poll_interval;
  PublishFigures();
}

absl::Status Bus::SweepAll() {
  constexpr absl::Duration kSilence = absl::Milliseconds(100);
  // A board that was lost may be back and answer last: a short wait finds it
  // without slowing the others down.
  constexpr absl::Duration kSilenceForLost = absl::Milliseconds(20);
  std::set<Slot*> missing, lost;
  for (const auto& slot : slots_) {
    (slot->board.reach() == Reach::kLost ? lost : missing).insert(slot.get());
  }
  absl::Status status = wire_->AskAll(kSilence, [&](const cu16::Reply& reply) {
    if (Slot* slot = At(reply.board)) {
      missing.erase(slot);
      lost.erase(slot);
      Answered(*slot, reply);
    } else if (strangers_.insert(reply.board.index()).second) {
      tools_.diary.Warning(
          "a board answers that is not configured",
          {{"port", settings_.port}, {"address", std::to_string(reply.board.index())}});
    }
    return !missing.empty() ? kSilence : !lost.empty() ? kSilenceForLost : absl::ZeroDuration();
  });
  if (!status.ok()) return status;
  for (Slot* slot : missing) Missed(*slot);
  for (Slot* slot : lost) TellSilence(*slot, /*lost=*/false, "");
  return absl::OkStatus();
}

bool Bus::ProbeLost() {
  constexpr absl::Duration kEvery = absl::Seconds(1);
  constexpr absl::Duration kPatience = absl::Milliseconds(60);
  const absl::Duration now = tools_.clock.SinceBoot();
  if (slots_.size() < 2 || now < next_probe_) return false;
  next_probe_ = now + kEvery;
  for (size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = *slots_[++probe_turn_ % slots_.size()];
    if (slot.board.reach() != Reach::kLost) continue;
    Poll(slot, kPatience);
    return true;
  }
  return false;
}

void Bus::Poll(Slot& slot, absl::Duration patience) {
  const auto reply = wire_->Ask(cu16::Request::Status(slot.board.address()), patience);
  if (!reply.ok()) return PortGone(reply.status());
  if (*reply) return Answered(slot, **reply);
  Missed(slot);
}

void Bus::Idle() {
  tools_.bell.WaitUntil(slots_.empty() ? tools_.clock.SinceBoot() + kLongestIdle : next_sweep_);
}

void Bus::Answered(Slot& slot, const cu16::Reply& reply) {
  ++slot.answers;
  slot.silent = false;
  const bool found = slot.board.reach() != Reach::kFound;
  const Masks masks = slot.board.Corrected(reply);
  const absl::Duration now = tools_.clock.SinceBoot();
  uint16_t proven = 0;
  for (const auto& task : tasks_) {
    if (task->controller() != slot.board.config().id) continue;
    task->Answered(masks, now);
    const auto lock = task->lock();
    if (lock && task->pulses() > 0 && !masks.closed_at(*lock)) proven |= 1u << lock->bit();
  }
  // The proof of an opening leaves before the event that confirms it.
  EndTasks();
  const auto changes = slot.board.Answered(masks, proven);
  const bool settles = slot.board.settled() != slot.told_settled;
  if (found || settles || !changes.empty()) Tell(slot, changes, found ? "answers" : "");
}

void Bus::Missed(Slot& slot) {
  ++slot.silences;
  slot.silent = true;
  TellSilence(slot, slot.board.Missed(), "no answer in 10 polls");
}

void Bus::TellSilence(Slot& slot, bool lost, const char* why) {
  // A board that an earlier life lost already is no news, but has been waited for.
  if (lost || slot.board.settled() != slot.told_settled) Tell(slot, {}, lost ? why : "");
}

void Bus::Tell(Slot& slot, const std::vector<LockChange>& changes, const std::string& detail) {
  slot.told_settled = slot.board.settled();
  const BoardView view{.controller = slot.board.config().id,
                       .reach = slot.board.reach(),
                       .settled = slot.told_settled,
                       .agreed = slot.board.agreed()};
  tools_.listener.OnBoard(view, changes, detail);
}

void Bus::PublishFigures() {
  BusFigures figures{.port = settings_.port, .open = wire_ != nullptr, .ports_lost = ports_lost_};
  figures.line = line_before_;
  if (wire_) Add(figures.line, wire_->counters());
  for (const auto& slot : slots_) {
    figures.boards.push_back({.controller = slot->board.config().id,
                              .address = slot->board.config().address,
                              .reach = slot->board.reach(),
                              .answers = slot->answers,
                              .silences = slot->silences,
                              .ignored_events = slot->board.ignored_events()});
  }
  std::lock_guard lock(mutex_);
  figures_ = std::move(figures);
}

}  // namespace cartwise::edge
