#pragma once

#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "cartwise/base/clock.hpp"
#include "domain/events.hpp"

namespace cartwise::telemetry {

struct Ingested {
  int stored = 0;
  int duplicates = 0;
};

/// An event of a device's batch before it is checked.
struct UncheckedEvent {
  std::string id;  ///< empty: made here
  std::string type;
  std::string data;   ///< a JSON object
  bool exact = true;  ///< false: the data held what JSON in PostgreSQL cannot
  std::optional<absl::Time> occurred_at;
};

/// Takes events in. Thread-safe.
class Ingest {
 public:
  Ingest(EventStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// A batch of one device, once per Idempotency-Key of the caller, which `answer` is kept for.
  /// INVALID_FIELD naming every event at fault ("events[3].event_type"), and then nothing is
  /// stored.
  absl::Status OfDevice(const Caller& caller, const Origin& origin,
                        std::vector<UncheckedEvent> events,
                        absl::FunctionRef<void(const Ingested&)> answer) const;

  /// Events of the fleet's own services, which may be old: an agent's report
  /// counts whenever it comes.
  absl::Status Deliver(const Caller& caller, const std::vector<PlacedEvent>& events) const;

 private:
  EventStore& store_;
  const Clock& clock_;
};

/// `[a-z0-9_.]{1,100}`.
bool IsEventType(std::string_view type);

/// Deepest nesting of an event's data. A page over REST nests it further, and
/// the gateway writes 64 messages deep: here each level is two of them.
inline constexpr int kMaxDataDepth = 28;

/// How deep objects and lists of this JSON nest; 1 for "{}".
int DepthOf(std::string_view json);

}  // namespace cartwise::telemetry
