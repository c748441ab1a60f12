#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include <absl/time/time.h>

#include "cartwise/base/clock.hpp"
#include "core/driver.hpp"
#include "core/event_journal.hpp"
#include "core/failpoints.hpp"
#include "core/order_book.hpp"

namespace cartwise::edge {

/// First message of a control stream.
struct Greeting {
  std::string agent_epoch;
  int64_t boot_clock_ms = 0;
  int64_t last_seq = 0;
};

struct Heartbeat {
  int64_t boot_clock_ms = 0;
};

struct CaughtUp {};

/// The end of this order is near.
struct Proving {
  CommandId id;
};

using Outgoing = std::variant<Heartbeat, CommandResult, AgentEvent, CaughtUp, Proving>;

/// What to say next on the control stream: heartbeats in time, results before
/// events, everything the journal holds before CaughtUp, then a snapshot, then
/// life. Knows nothing of how messages travel. Used by one thread.
class Session {
 public:
  static constexpr int kWindow = 500;  ///< events sent and not committed
  /// The cloud was silent about something sent this long: send it again.
  static constexpr absl::Duration kPatience = absl::Seconds(15);
  /// Boards that cannot be read hold CaughtUp up no longer than this.
  static constexpr absl::Duration kLongestSettling = absl::Seconds(5);

  Session(OrderBook& book, EventJournal& journal, Snapshooter& hardware, const Clock& clock,
          Failpoints& failpoints);

  /// A new stream: what was sent on the last one counts for nothing.
  Greeting Begin();
  /// The cloud answered; how often it wants to hear from us.
  void Welcomed(absl::Duration heartbeat_interval);
  /// The next message, or nullopt when there is nothing to say until a ring or
  /// next_heartbeat().
  std::optional<Outgoing> Next();
  absl::Duration next_heartbeat() const { return next_heartbeat_; }

 private:
  std::optional<AgentEvent> NextEvent();
  /// False when there is nothing to send.
  bool FillPage();
  bool Stale(const AgentEvent& event) const;
  bool MayCatchUp() const;
  void SendAgainAfterSilence(absl::Duration now);

  OrderBook& book_;
  EventJournal& journal_;
  Snapshooter& hardware_;
  const Clock& clock_;
  Failpoints& failpoints_;

  absl::Duration interval_ = absl::Seconds(5);
  absl::Duration next_heartbeat_;
  absl::Duration welcomed_at_;
  absl::Duration progress_at_;
  bool caught_up_ = false;
  int64_t sent_seq_ = 0;
  int64_t seq_at_begin_ = 0;
  int64_t committed_seen_ = 0;
  std::deque<AgentEvent> page_;
  std::set<CommandId> sent_results_;
};

}  // namespace cartwise::edge
