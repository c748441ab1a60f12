#pragma once

#include <optional>
#include <string_view>

#include "core/order.hpp"

namespace cartwise::edge {

/// Why an order was not even begun.
struct Refusal {
  Outcome outcome = Outcome::kRejected;
  const char* reason = "";
};

/// Where a driver's orders end and its intents are kept (the order book).
/// Thread-safe.
class OrderLedger {
 public:
  virtual ~OrderLedger() = default;
  /// Notes that the order is about to act, before it does.
  virtual void Intend(const CommandId& id) = 0;
  /// It has acted, and its end is some milliseconds away.
  virtual void Proving(const CommandId& id) = 0;
  virtual void Finish(const CommandResult& result) = 0;
};

/// A family of hardware that this agent can command. Thread-safe.
class Driver {
 public:
  virtual ~Driver() = default;
  virtual bool Handles(std::string_view kind) const = 0;
  /// Takes an order that passed every general check; its end goes to the
  /// ledger. A refusal ends it at once.
  virtual std::optional<Refusal> Submit(const Order& order) = 0;
  /// This order had been begun when the agent stopped; it may have acted.
  virtual void Interrupted(const Order& order) = 0;
  /// This order of an earlier life acted at `at`, by the boot clock of then; what
  /// came of it may be untold. Newest first, after those that were interrupted.
  virtual void Acted(const Order& order, absl::Duration at) = 0;
};

/// What a session tells of the hardware after it has caught up. Thread-safe.
class Snapshooter {
 public:
  virtual ~Snapshooter() = default;
  /// What earlier lives left of it is known.
  virtual bool Recovered() const = 0;
  /// Everything was read, or was found not to answer.
  virtual bool Settled() const = 0;
  /// Puts the state of everything into the journal, after all changes before it.
  virtual void JournalSnapshot() = 0;
  /// Type of that event.
  virtual std::string_view SnapshotType() const = 0;
  /// True once after something came into sight that no snapshot has told.
  virtual bool TakeSnapshotWish() = 0;
};

}  // namespace cartwise::edge
