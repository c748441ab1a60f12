#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "core/event.hpp"

namespace cartwise::edge {

/// One entry of the journal: an event, marks, or both.
struct JournalEntry {
  std::optional<AgentEvent> event;
  std::vector<LockMark> marks;
};

/// The journal's disk. Thread-safe. DATA_LOSS: the file is damaged, call
/// StartAnew. Any other error: not now (disk full), try again later.
class EventStore {
 public:
  virtual ~EventStore() = default;
  /// OK once what earlier lives left can be read; HighestSeq and TakeLoss hold from
  /// then on.
  virtual absl::Status Ready() = 0;
  /// All or nothing, on the platter when it returns.
  virtual absl::Status Append(const std::vector<JournalEntry>& entries) = 0;
  /// Events above `after` in order, at most `limit`.
  virtual absl::StatusOr<std::vector<AgentEvent>> After(int64_t after, int limit) = 0;
  /// Deletes events up to `seq`.
  virtual absl::Status Forget(int64_t seq) = 0;
  virtual absl::StatusOr<std::vector<LockMark>> Marks() = 0;
  /// Number of events kept.
  virtual absl::StatusOr<int64_t> Count() = 0;
  /// Highest seq ever given out, as far as is known; never too low.
  virtual int64_t HighestSeq() const = 0;
  /// Moves a damaged file aside and begins with an empty one.
  virtual absl::Status StartAnew() = 0;
  /// What was lost at an opening, for a person; empty for nothing, and when told before.
  virtual std::string TakeLoss() = 0;
};

}  // namespace cartwise::edge
