#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/bus.hpp"
#include "core/diary.hpp"
#include "core/driver.hpp"
#include "core/event_journal.hpp"

namespace cartwise::edge {

/// The lock boards of this Pi: gives orders to the right bus, turns what the
/// buses find into journalled events (cartwise.lock.v1). Thread-safe.
class LockDriver final : public Driver, public Snapshooter, public BusListener {
 public:
  /// `session` is rung when a snapshot is due.
  LockDriver(EventJournal& journal, OrderLedger& ledger, const Clock& clock, Diary& diary,
             Doorbell& session);

  /// Before the first Configure. The bus outlives the driver.
  void Add(Bus& bus);
  /// The boards of this Pi; may be called again when they change.
  void Configure(const std::vector<BoardConfig>& boards);

  /// Takes up the marks of earlier lives. Call before the first Configure, and again
  /// until Recovered(): what the boards were found to say without them is then
  /// looked at anew.
  void Recover();
  bool Recovered() const override;

  bool Handles(std::string_view kind) const override;
  std::optional<Refusal> Submit(const Order& order) override;
  void Interrupted(const Order& order) override;
  void Acted(const Order& order, absl::Duration at) override;

  bool Settled() const override;
  void JournalSnapshot() override;
  std::string_view SnapshotType() const override { return "lock.snapshot"; }
  bool TakeSnapshotWish() override;

  void OnBoard(const BoardView& view, const std::vector<LockChange>& changes,
               const std::string& detail) override;
  void OnProving(const CommandId& order) override { ledger_.Proving(order); }
  void OnPulse(const CommandId& order, const ControllerId& controller, int lock, int nth) override;
  void OnResult(const CommandResult& result) override;

 private:
  using LockKey = std::pair<ControllerId, int>;
  struct Known {
    BoardConfig config;
    Bus* bus = nullptr;  ///< nullptr: no bus of that name
    BoardView view;
    std::map<int, LockMark> marks;
    std::set<int> told;  ///< locks whose changes this life has journalled
  };
  struct Explanation {
    CommandId order;
    absl::Duration until;
  };

  Bus* BusOf(const std::string& port);
  /// With mutex_ held: gives the buses their boards.
  std::map<Bus*, std::vector<BoardSetup>> Setups(bool afresh) const;
  std::map<ControllerId, Known> Carried(const std::vector<BoardConfig>& boards);
  void JournalChange(Known& known, const LockChange& change);
  void JournalReach(Known& known, const std::string& detail);
  /// An order of an earlier life explains an opening that is found until then.
  void Explains(const Order& order, absl::Duration until);
  std::string Explain(const LockKey& lock);

  EventJournal& journal_;
  OrderLedger& ledger_;
  const Clock& clock_;
  Diary& diary_;
  Doorbell& session_;
  std::vector<Bus*> buses_;

  /// Guards the rest, and keeps the journal in the order of the views: what a
  /// snapshot shows is journalled before it.
  mutable std::mutex mutex_;
  std::map<ControllerId, Known> boards_;
  std::vector<LockMark> kept_;  ///< of earlier lives
  bool recovered_ = false;
  bool configured_ = false;
  bool snapshot_wish_ = false;
  std::map<LockKey, Explanation> pulsed_;
  std::map<CommandId, LockKey> running_;
};

}  // namespace cartwise::edge
