#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <absl/time/time.h>

#include "domain/command.hpp"

namespace cartwise::device {

/// Callers of this process that wait for the outcome of a command. Thread-safe.
class Waiters {
 public:
  /// Waiting, from its making to its end.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    /// Blocks at most this long. Empty: no outcome came, or only a Poke.
    std::optional<Outcome> Wait(absl::Duration most);

   private:
    friend class Waiters;
    struct Seat;
    Ticket(Waiters& waiters, CommandId id);
    Waiters& waiters_;
    CommandId id_;
    std::shared_ptr<Seat> seat_;
  };

  Ticket Expect(const CommandId& id) { return Ticket(*this, id); }
  /// True while somebody waits for it.
  bool Expected(const CommandId& id) const;
  /// True while anybody waits for anything.
  bool AnyExpected() const;
  /// Gives the committed outcome to whoever waits.
  void Deliver(const CommandId& id, const Outcome& outcome);
  /// Makes whoever waits look at the stored command.
  void Poke(const CommandId& id);

 private:
  mutable std::mutex mutex_;
  std::multimap<CommandId, std::shared_ptr<Ticket::Seat>> seats_;
};

}  // namespace cartwise::device
