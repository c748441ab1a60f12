#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include <absl/functional/function_ref.h>
#include <absl/time/time.h>

#include "domain/command.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// When whoever waits for an outcome is told.
enum class TellWhen {
  kSaid,       ///< as soon as the agent has said it, while it is being committed
  kCommitted,  ///< once it is committed
};

/// Callers of this process that wait for the outcome of a command. Thread-safe.
class Waiters {
 public:
  /// Waiting, from its making to its end.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    /// Blocks at most this long; calls `proving` when it hears SayProving, once in
    /// its life. Empty: no outcome came,
    /// or only a Poke.
    std::optional<Outcome> Wait(absl::Duration most, absl::FunctionRef<void()> proving);

   private:
    friend class Waiters;
    struct Seat;
    Ticket(Waiters& waiters, CommandId id, DeviceKey device, TellWhen tell);
    Waiters& waiters_;
    CommandId id_;
    std::shared_ptr<Seat> seat_;
  };

  /// For the outcome of a command of `device`.
  Ticket Expect(const CommandId& id, const DeviceKey& device, TellWhen tell) {
    return Ticket(*this, id, device, tell);
  }
  /// True while somebody waits for it.
  bool Expected(const CommandId& id) const;
  /// True while anybody waits for anything.
  bool AnyExpected() const;
  /// Gives what the agent of `device` has said to those who wait for its word. True when some do.
  bool Say(const CommandId& id, const DeviceKey& device, const Outcome& outcome);
  /// Tells those who wait for the word of `device`'s agent that it is near.
  void SayProving(const CommandId& id, const DeviceKey& device);
  /// Gives the committed outcome to whoever waits.
  void Deliver(const CommandId& id, const Outcome& outcome);
  /// Makes whoever waits look at the stored command.
  void Poke(const CommandId& id);

 private:
  template <typename Use>
  void ForEachSeat(const CommandId& id, Use use);

  mutable std::mutex mutex_;
  std::multimap<CommandId, std::shared_ptr<Ticket::Seat>> seats_;
};

}  // namespace cartwise::device
