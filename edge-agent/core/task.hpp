#pragma once

#include <optional>
#include <utility>

#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"
#include "core/board.hpp"
#include "core/cu16/frame.hpp"
#include "core/order.hpp"

namespace cartwise::edge {

/// An order that a bus carries out, step by step, between its polls. A plain
/// machine without I/O or clock; used by the thread of its bus.
class Task {
 public:
  enum class Step {
    kPulse,  ///< send the unlock, now
    kRead,   ///< ask the board as soon as the line is free
    kWait,   ///< any answer of the board will do
    kDone,   ///< result() is final
  };

  Task(CommandId id, ControllerId controller)
      : id_(std::move(id)), controller_(std::move(controller)) {}
  virtual ~Task() = default;

  const CommandId& id() const { return id_; }
  const ControllerId& controller() const { return controller_; }
  /// The lock to pulse; nullopt for a task that only reads.
  virtual std::optional<cu16::Lock> lock() const { return std::nullopt; }

  /// Pulses sent so far.
  virtual int pulses() const { return 0; }
  /// True for the first read after each pulse.
  bool BeginsProving() { return std::exchange(pulses_read_, pulses()) != pulses(); }

  virtual Step Next(absl::Duration now) = 0;
  /// The pulse left, or may have; its first byte at `at`.
  virtual void Pulsed(absl::Duration at) { (void)at; }
  virtual void Answered(const Masks& masks, absl::Duration now) = 0;
  /// A read that this task asked for stayed without an answer.
  virtual void Silent(absl::Duration now) = 0;
  /// The line is gone: ends the task.
  virtual void PortGone() = 0;

  const CommandResult& result() const { return result_; }

 protected:
  void End(Outcome outcome, const char* reason) {
    if (ended_) return;
    ended_ = true;
    result_.id = id_;
    result_.outcome = outcome;
    result_.reason = reason;
  }
  bool ended() const { return ended_; }

  CommandResult result_;

 private:
  const CommandId id_;
  const ControllerId controller_;
  bool ended_ = false;
  int pulses_read_ = 0;  ///< when it was last read for
};

/// `lock.unlock`: one pulse; a second only after a read that said closed; done
/// at the first read that says open.
class UnlockTask final : public Task {
 public:
  /// How long after a pulse the hook may take.
  static constexpr absl::Duration kWindow = absl::Milliseconds(300);
  static constexpr int kMostPulses = 2;

  /// `before` is the lock's state as last agreed, kUnknown to have it read first.
  UnlockTask(CommandId id, ControllerId controller, cu16::Lock lock, absl::Duration not_after,
             LockState before);

  std::optional<cu16::Lock> lock() const override { return lock_; }
  Step Next(absl::Duration now) override;
  void Pulsed(absl::Duration at) override;
  void Answered(const Masks& masks, absl::Duration now) override;
  void Silent(absl::Duration now) override;
  void PortGone() override;
  int pulses() const override { return pulses_; }

 private:
  Step Settled(Outcome outcome, const char* reason);
  void NoteSeen();

  const cu16::Lock lock_;
  const absl::Duration not_after_;
  LockState before_;
  std::optional<bool> read_before_;  ///< last read before the first pulse
  int pulses_ = 0;
  int reads_ = 0;
  int silences_ = 0;
  absl::Duration last_pulse_;
  std::optional<bool> closed_;  ///< last read after the last pulse
  bool closed_at_end_ = false;  ///< that read came when the window was over
  bool answering_ = true;       ///< the last read was answered
};

/// `lock.read`: asks one board until two reads in a row agree; ends at the third
/// silence.
class ReadTask final : public Task {
 public:
  static constexpr int kTries = 3;

  ReadTask(CommandId id, ControllerId controller, absl::Duration not_after);

  Step Next(absl::Duration now) override;
  void Answered(const Masks& masks, absl::Duration now) override;
  void Silent(absl::Duration now) override;
  void PortGone() override { End(Outcome::kFailed, reasons::kPortGone); }

 private:
  const absl::Duration not_after_;
  std::optional<Masks> last_;
  int silences_ = 0;
};

}  // namespace cartwise::edge
