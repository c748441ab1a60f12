#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/event.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/pg/pool.hpp"

namespace cartwise::outbox {

/// Bytes of an event's payload and audit part. In a message they take up to six times as
/// many, a service refuses one of more than 1 MiB, and what a sink always refuses would
/// hold up all after it.
inline constexpr size_t kMostOfEvent = 128 * 1024;
size_t SizeOf(const Event& event);

/// Writes an event into `<schema>.outbox` in the transaction of the change it
/// tells of. Call Relay::Wake() after the commit for prompt delivery. INTERNAL for an
/// event that is larger than kMostOfEvent.
///
/// The tables, made by each service's migrations:
///   CREATE TABLE <schema>.outbox (
///     chain_id uuid NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY,
///     xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
///     event_id uuid NOT NULL, branch_id uuid, device_id uuid, type text NOT NULL,
///     subject text NOT NULL, occurred_at timestamptz NOT NULL, payload jsonb NOT NULL,
///     trace_id text NOT NULL DEFAULT '', audit jsonb);
///   CREATE INDEX outbox_order ON <schema>.outbox (xid, seq);
///   CREATE TABLE <schema>.outbox_cursors (
///     sink text PRIMARY KEY, xid xid8 NOT NULL DEFAULT '0', seq bigint NOT NULL DEFAULT 0);
/// `outbox` forces row security; `outbox_cursors` has no tenant data.
absl::Status Append(pg::Transaction& tx, std::string_view schema, const Event& event);

/// Delivers a batch to one sink; OK means the sink has committed it.
using Deliver = std::function<absl::Status(const std::vector<Event>&)>;

/// Which events a sink is told of. Addresses and reasons go to the audit log
/// and nowhere else.
enum class Takes {
  kEverything,  ///< every event, without its audit part
  kAudited,     ///< those with an audit part, with it and without their payload
};

struct Sink {
  std::string name;
  Deliver deliver;
  /// How long the first event waits for others to go with it.
  absl::Duration gather = absl::ZeroDuration();
  Takes takes = Takes::kEverything;
};

/// The `audit` column: {"actor", "role", "reason", "address"}; NULL for nullopt.
pg::Param AuditColumn(const std::optional<Audit>& audit);

/// For a sink that keeps what happened and on which nobody waits: fewer, larger
/// batches, out of the way of the calls that made the events.
inline constexpr absl::Duration kUnhurried = absl::Milliseconds(50);
/// For the audit log: a batch is one turn at each chain's head, so few are better.
inline constexpr absl::Duration kForTheRecord = absl::Milliseconds(250);

/// How rows that every sink has are deleted: every so often, at most so many in a statement.
struct Pruning {
  absl::Duration every = absl::Seconds(30);
  int most = 20'000;
};

/// Carries the outbox of one schema to its sinks, each with its own cursor, in the
/// order in which transactions began to write, at least once. Several replicas may
/// run one: an advisory lock per sink lets one work at a time. Rows that every sink
/// has are deleted.
class Relay {
 public:
  Relay(pg::Pool& pool, std::string schema, std::string source, std::vector<Sink> sinks,
        obs::Metrics& metrics, const Pruning& pruning = {});
  /// Stops the threads after their running batch.
  ~Relay();

  /// There may be something new.
  void Wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::outbox
