#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <absl/time/time.h>

#include "cartwise/base/clock.hpp"
#include "core/board.hpp"
#include "core/diary.hpp"
#include "core/doorbell.hpp"
#include "core/failpoints.hpp"
#include "core/port.hpp"
#include "core/task.hpp"
#include "core/wire.hpp"

namespace cartwise::edge {

/// How one serial line is driven.
struct BusSettings {
  std::string port;
  int baudrate = 19200;
  absl::Duration gap = absl::Milliseconds(25);          ///< after each exchange
  absl::Duration poll_interval = absl::ZeroDuration();  ///< idle time between sweeps
};

/// A board with what was kept of it.
struct BoardSetup {
  BoardConfig config;
  std::vector<LockMark> known;
  bool afresh = false;  ///< what was read of it before counts for nothing
};

/// An order for a lock of this bus.
struct LockOrder {
  CommandId id;
  ControllerId controller;
  std::optional<cu16::Lock> unlock;  ///< nullopt: read the board
  absl::Duration not_after;
};

/// A board as the bus knows it.
struct BoardView {
  ControllerId controller;
  Reach reach = Reach::kUnknown;
  bool settled = false;  ///< `agreed` holds for every lock, or the board is lost
  Masks agreed;
};

/// Who hears what a bus finds out. Called on the bus thread.
class BusListener {
 public:
  virtual ~BusListener() = default;
  /// What an answer or a silence changed. `detail` says why a board was lost,
  /// or how it was found; empty when its reach did not change.
  virtual void OnBoard(const BoardView& view, const std::vector<LockChange>& changes,
                       const std::string& detail) = 0;
  /// Right before a pulse; `nth` counts from 1. The journal must have the
  /// intent when this returns.
  virtual void OnPulse(const CommandId& order, const ControllerId& controller, int lock,
                       int nth) = 0;
  /// Right before the first read after a pulse: the end of the order may be near.
  virtual void OnProving(const CommandId& order) = 0;
  virtual void OnResult(const CommandResult& result) = 0;
};

/// Figures of a bus, for health telemetry.
struct BusFigures {
  struct BoardFigures {
    ControllerId controller;
    int address = 0;
    Reach reach = Reach::kUnknown;
    uint64_t answers = 0;
    uint64_t silences = 0;
    uint64_t ignored_events = 0;
  };
  std::string port;
  bool open = false;
  uint64_t ports_lost = 0;
  cu16::ParserCounters line;
  std::vector<BoardFigures> boards;
};

/// One serial line and its boards, polled without pause; an order goes before
/// every poll and waits at most for the running exchange and the gap.
///
/// RunOnce() does one exchange or one wait; it and busy() belong to one thread.
/// Configure, Submit and figures are thread-safe.
class Bus {
 public:
  /// Everything lent outlives the bus.
  struct Tools {
    PortOpener& opener;
    const Clock& clock;
    Doorbell& bell;
    BusListener& listener;
    Diary& diary;
    Failpoints& failpoints;
  };

  Bus(BusSettings settings, Tools tools);

  /// These boards from now on. One whose config did not change keeps its state.
  void Configure(std::vector<BoardSetup> boards);
  /// The order's end is told to the listener.
  void Submit(LockOrder order);
  BusFigures figures() const;
  const BusSettings& settings() const { return settings_; }

  void RunOnce();
  /// An order is under way or waiting.
  bool busy() const;

 private:
  struct Slot {
    explicit Slot(const BoardSetup& setup) : board(setup.config, setup.known) {}
    Board board;
    uint64_t answers = 0;
    uint64_t silences = 0;
    bool silent = false;  ///< the last poll was not answered
    bool told_settled = false;
    bool reread_done = false;  ///< since the last sweep
  };

  void TakeInbox();
  void ApplyBoards(const std::vector<BoardSetup>& boards);
  void Admit(const LockOrder& order);
  Slot* Find(const ControllerId& controller);
  Slot* At(cu16::Board address);

  void Reopen();
  void PortGone(const absl::Status& why);

  bool ServeTask();
  void Pulse(Task& task);
  void ReadFor(Task& task);
  void EndTasks();

  bool Reread();
  void Sweep();
  absl::Status SweepAll();
  bool ProbeLost();
  void Poll(Slot& slot, absl::Duration patience);
  void Idle();

  void Answered(Slot& slot, const cu16::Reply& reply);
  void Missed(Slot& slot);
  void TellSilence(Slot& slot, bool lost, const char* why);
  void Tell(Slot& slot, const std::vector<LockChange>& changes, const std::string& detail);
  void PublishFigures();

  const BusSettings settings_;
  const Tools tools_;

  mutable std::mutex mutex_;
  std::deque<LockOrder> orders_;
  std::optional<std::vector<BoardSetup>> new_boards_;
  BusFigures figures_;

  std::unique_ptr<Wire> wire_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::unique_ptr<Task>> tasks_;
  absl::Duration next_sweep_;
  absl::Duration next_probe_;
  size_t probe_turn_ = 0;
  absl::Duration reopen_at_;
  absl::Duration backoff_;
  std::string open_fault_;
  cu16::ParserCounters line_before_;  ///< of ports that are gone
  uint64_t ports_lost_ = 0;
  std::set<int> strangers_;  ///< addresses that answer and are not configured
};

}  // namespace cartwise::edge
