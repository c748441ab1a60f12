#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/ids.hpp"

namespace cartwise::telemetry {

/// Largest number of events in one batch.
inline constexpr size_t kMaxBatch = 500;

/// One event as it came. `data` is a JSON object that PostgreSQL can store.
struct NewEvent {
  EventId id;
  std::string type;
  std::string data = "{}";
  absl::Time occurred_at;
  /// The time is reckoned anew whenever the event comes: only the id tells a repeat.
  bool time_may_change = false;
};

/// Who speaks in a batch of a device.
struct Origin {
  ChainId chain;
  BranchId branch;  ///< empty: where the device was last said to stand
  DeviceId device;
};

/// What an event of device-svc tells of whether its device may speak.
struct Standing {
  /// What became of the tokens issued before the event, but for the one just before it.
  enum class Token {
    kKept,
    kReplaced,  ///< by the device: they hold for ten more minutes
    kVoided,    ///< by staff, at once
  };
  std::string lifecycle;  ///< "ACTIVE"
  Token token = Token::kKept;
};

/// An event with where it belongs; of any chain, with or without a device.
struct PlacedEvent {
  ChainId chain;
  BranchId branch;
  DeviceId device;
  NewEvent event;
  std::optional<Standing> standing = std::nullopt;
};

/// One stored event.
struct Record {
  PlacedEvent placed;
  absl::Time received_at;
};

/// Which events to list. Exactly one of device, branch or chain is the subject.
struct Query {
  ChainId chain;  ///< empty only for platform admins
  std::optional<DeviceId> device;
  std::optional<BranchId> branch;
  std::optional<std::vector<BranchId>> visible;  ///< only of these branches
  std::string type;                              ///< event_type, or how it begins
  bool type_prefix = true;                       ///< then an empty type is every type
  absl::Time from = absl::InfinitePast();
  absl::Time until = absl::InfiniteFuture();
  /// Only after this one in the list: strictly older, or as old with a smaller id.
  std::optional<std::pair<absl::Time, EventId>> after;
  int limit = 50;
};

/// Where events are kept. Everything is done as the caller, whose tenancy the
/// store enforces, until the caller's deadline. Thread-safe.
///
/// A caller that is a device is refused as device-svc would, by what the events
/// told of it: BAD_TOKEN, DEVICE_QUARANTINED. One never heard of may speak.
class EventStore {
 public:
  virtual ~EventStore() = default;

  /// Stores what is not there yet, all or nothing, once per Idempotency-Key of the caller. `answer`
  /// hears how many were new before they are committed, and nothing where the key plays its answer
  /// back.
  virtual absl::Status AddOfDevice(const Caller& caller, const Origin& origin,
                                   const std::vector<NewEvent>& events,
                                   absl::FunctionRef<void(int stored)> answer) = 0;
  /// Stores what is not there yet, all or nothing; answers how many were new.
  virtual absl::StatusOr<int> Add(const Caller& caller, const std::vector<PlacedEvent>& events) = 0;

  /// Newest first by time, then id.
  virtual absl::StatusOr<std::vector<Record>> List(const Caller& caller, const Query& query) = 0;

  /// Makes the days to come, drops those older than `keep_days`, and what nobody can repeat any
  /// more of ids and keys. True when there is more to drop: call again.
  virtual absl::StatusOr<bool> TurnDays(int keep_days) = 0;
};

}  // namespace cartwise::telemetry
