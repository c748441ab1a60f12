#include "core/task.hpp"

#include <utility>

namespace cartwise::edge {
namespace {

const char* HookName(std::optional<bool> closed) {
  return !closed ? "UNKNOWN" : *closed ? "CLOSED" : "OPEN";
}

std::optional<bool> ClosedIn(LockState state) {
  if (state == LockState::kUnknown) return std::nullopt;
  return state != LockState::kOpen;
}

}  // namespace

UnlockTask::UnlockTask(CommandId id, ControllerId controller, cu16::Lock lock,
                       absl::Duration not_after, LockState before)
    : Task(std::move(id), std::move(controller)),
      lock_(lock),
      not_after_(not_after),
      before_(before) {}

Task::Step UnlockTask::Next(absl::Duration now) {
  if (ended()) return Step::kDone;
  if (pulses_ == 0) {
    if (before_ == LockState::kOpen) return Settled(Outcome::kFailed, reasons::kAlreadyOpen);
    if (now > not_after_) return Settled(Outcome::kDropped, reasons::kTooLate);
    return before_ == LockState::kUnknown ? Step::kRead : Step::kPulse;
  }
  if (now < last_pulse_ + kWindow) return Step::kRead;
  if (closed_at_end_) {
    if (pulses_ < kMostPulses && now <= not_after_) return Step::kPulse;
    return Settled(Outcome::kFailed, reasons::kStillClosed);
  }
  if (answering_) return Step::kRead;
  if (now > not_after_) return Settled(Outcome::kUnknown, reasons::kNoAnswer);
  return Step::kWait;
}

void UnlockTask::Pulsed(absl::Duration at) {
  if (pulses_++ == 0) result_.pulsed_at_ms = absl::ToInt64Milliseconds(at);
  last_pulse_ = at;
  closed_.reset();
  closed_at_end_ = false;
  answering_ = true;
  NoteSeen();
}

void UnlockTask::Answered(const Masks& masks, absl::Duration now) {
  if (ended()) return;
  ++reads_;
  answering_ = true;
  const bool closed = masks.closed_at(lock_);
  if (pulses_ == 0) {
    if (before_ == LockState::kUnknown || read_before_ == closed) {
      before_ = closed ? LockState::kClosed : LockState::kOpen;
    }
    read_before_ = closed;
    return;
  }
  closed_ = closed;
  closed_at_end_ = closed && now >= last_pulse_ + kWindow;
  NoteSeen();
  if (!closed) End(Outcome::kSucceeded, "");
}

void UnlockTask::Silent(absl::Duration) {
  answering_ = false;
  // Nothing was tried yet, and there is no way to tell what a pulse would do.
  if (pulses_ == 0 && ++silences_ == ReadTask::kTries) {
    End(Outcome::kDropped, reasons::kNoAnswer);
  }
}

void UnlockTask::PortGone() {
  NoteSeen();
  End(pulses_ == 0 ? Outcome::kDropped : Outcome::kUnknown, reasons::kPortGone);
}

Task::Step UnlockTask::Settled(Outcome outcome, const char* reason) {
  NoteSeen();
  End(outcome, reason);
  return Step::kDone;
}

void UnlockTask::NoteSeen() {
  result_.seen = Value::Object{{"pulses", pulses_},
                               {"hook_before", HookName(ClosedIn(before_))},
                               {"hook_after", HookName(closed_)},
                               {"reads", reads_}};
}

ReadTask::ReadTask(CommandId id, ControllerId controller, absl::Duration not_after)
    : Task(std::move(id), std::move(controller)), not_after_(not_after) {}

Task::Step ReadTask::Next(absl::Duration now) {
  if (ended()) return Step::kDone;
  if (now <= not_after_) return Step::kRead;
  End(Outcome::kDropped, reasons::kTooLate);
  return Step::kDone;
}

void ReadTask::Answered(const Masks& masks, absl::Duration) {
  if (ended()) return;
  if (std::exchange(last_, masks) != masks) return;
  result_.seen = Value::Object{{"closed_mask", static_cast<int>(masks.closed)},
                               {"item_mask", static_cast<int>(masks.items)}};
  End(Outcome::kSucceeded, "");
}

void ReadTask::Silent(absl::Duration) {
  if (++silences_ == kTries) End(Outcome::kFailed, reasons::kNoAnswer);
}

}  // namespace cartwise::edge
