#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "domain/store.hpp"

namespace cartwise::device {

/// A sign of life.
struct Beat {
  DeviceKey device;
  absl::Time at;
};

/// Port: what keeps presence honest, one statement each. Thread-safe.
class PresenceLog {
 public:
  virtual ~PresenceLog() = default;

  /// Stores them in one statement; an older beat never replaces a newer one.
  virtual absl::Status StoreBeats(const std::vector<Beat>& beats) = 0;
  /// Makes this process's lease run for `lease` from now, and forgets processes
  /// that died long ago.
  virtual absl::Status RenewLease(const ReplicaId& self, absl::Duration lease) = 0;
  /// The streams that the table holds for this process.
  virtual absl::StatusOr<std::vector<HeldStream>> HeldBy(const ReplicaId& self) = 0;
};

}  // namespace cartwise::device
