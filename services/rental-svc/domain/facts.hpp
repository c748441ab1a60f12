#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/batcher.hpp"
#include "cartwise/base/clock.hpp"
#include "domain/devices.hpp"
#include "domain/lock_rules.hpp"
#include "domain/reconcile.hpp"

namespace cartwise::rental {

// What other services and the agents told, as plain values.

struct ChainTold {
  ChainId chain;
  bool active = true;
  absl::Time at;
};

struct BranchTold {
  ChainId chain;
  BranchId branch;
  bool active = true;
  bool deleted = false;
  absl::Duration rental_term = absl::Hours(2);
  std::string time_zone;
  absl::Time at;
};

struct ControllerTold {
  ChainId chain;
  ControllerId controller;
  BranchId branch;
  DeviceId device;
  bool has_ir = false;
  bool online = false;   ///< its device is
  bool reached = false;  ///< its device reaches it
  bool deleted = false;
  absl::Time at;
};

struct PresenceTold {
  ChainId chain;
  DeviceId device;
  BranchId branch;
  bool online = false;
  absl::Time at;
};

/// A command of ours was settled after nobody waited for it any more.
struct CommandTold {
  ChainId chain;
  CommandId command;
  CommandOutcome outcome;
};

/// Every lock of a device, as read after a reconnect.
struct SnapshotTold {
  struct Board {
    ControllerId controller;
    bool reachable = false;
    uint32_t closed_mask = 0;  ///< bit 0 = lock 1
    uint32_t item_mask = 0;
  };
  EventId event;
  ChainId chain;
  DeviceId device;
  absl::Time taken_at;
  std::vector<Board> boards;
};

using Fact = std::variant<ChainTold, BranchTold, ControllerTold, PresenceTold, CommandTold,
                          LockChange, SnapshotTold>;

/// A decision to be recorded about one lock.
struct Recorded {
  std::string cloud_said;
  std::string lock_said;
  std::string rule;
  std::string decision;
};

/// A verdict to be carried out.
struct Ruling {
  const LockChange* about;
  LockView view;  ///< what it was based on
  Verdict verdict;
  std::optional<Recorded> record;
};

/// Port: what facts change. Each call is a transaction of its own. Thread-safe.
class FactStore {
 public:
  virtual ~FactStore() = default;

  virtual absl::Status Put(const ChainTold& told) = 0;
  virtual absl::Status Put(const BranchTold& told) = 0;
  virtual absl::Status Put(const ControllerTold& told) = 0;
  virtual absl::Status Put(const PresenceTold& told) = 0;

  /// The lock of each change, all of one chain; nullopt where it has no cart.
  virtual absl::StatusOr<std::vector<std::optional<LockView>>> Look(
      std::span<const LockChange* const> changes) = 0;
  /// The locks of a board that have a cart; `about` names the board and the event.
  virtual absl::StatusOr<std::vector<std::pair<int, LockView>>> LookAtBoard(
      const LockChange& about) = 0;
  /// Carries rulings out, all of one chain and each of another lock, once per event, guarded
  /// by the rental's status that it was based on. False where that has changed: look again.
  virtual absl::StatusOr<std::vector<bool>> Apply(std::span<const Ruling> rulings) = 0;
  /// The event changes nothing when it comes again.
  virtual absl::Status MarkSeen(const ChainId& chain, const EventId& event) = 0;
  /// Settles the staff opening by this command, or answers the rental that is
  /// UNCONFIRMED for want of this word. Neither for any other command.
  virtual absl::StatusOr<std::optional<Rental>> Hear(const CommandTold& told) = 0;
};

class Recovery;

/// Takes facts in, in order. Idempotent: a fact that comes again changes nothing.
/// What locks of a chain tell at the same time is taken in together. Thread-safe.
class Facts {
 public:
  Facts(FactStore& store, Recovery& recovery, const Clock& clock, absl::Duration grace);

  /// What comes after one that fails is not taken. Waiting for what others tell ends at
  /// `deadline` with UNAVAILABLE (DATABASE_BUSY).
  absl::Status Take(std::span<const Fact> facts, absl::Time deadline = absl::InfiniteFuture());
  absl::Status Take(const Fact& fact) { return Take({&fact, 1}); }

 private:
  /// Changes of one chain, in order.
  using Run = std::vector<const LockChange*>;
  using Runs = std::span<const Run* const>;

  absl::Status TakeOther(const Fact& fact);
  std::vector<absl::Status> TakeRuns(Runs runs);
  absl::Status TakeRun(Run changes);
  std::optional<Ruling> RulingOn(const LockChange& change, LockView view) const;
  absl::Status TakeSnapshot(const SnapshotTold& snapshot);
  absl::Status ReconcileLock(const SnapshotTold& snapshot, const SnapshotTold::Board& board,
                             int lock, LockView view);

  FactStore& store_;
  Recovery& recovery_;
  const Clock& clock_;
  const absl::Duration grace_;
  Batcher<Run, absl::Status> changes_;
};

/// What a rule's effect does to the lock.
Verdict VerdictOf(const Rule& rule, const LockState& state, const LockView& view,
                  const SnapshotTold& snapshot, absl::Time now);

/// The event of one lock of a snapshot: the same for the same snapshot and lock.
EventId EventOfLock(const EventId& snapshot, const ControllerId& controller, int lock);

}  // namespace cartwise::rental
