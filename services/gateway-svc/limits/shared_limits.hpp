#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "limits/redis_line.hpp"

namespace cartwise::gateway {

/// What one bucket gave out here since the others heard of it.
struct Drawn {
  std::string bucket;  ///< its kind and key
  int count = 0;
  absl::Duration refill;  ///< time that brings one request
};

/// Where the gateways of a fleet tell each other what they gave out: Redis, 3.2
/// or newer, which keeps for each bucket the time at which it is full again.
/// Used by one thread.
class SharedLimits {
 public:
  explicit SharedLimits(RedisAddress address) : address_(std::move(address)) {}

  /// Adds what was drawn; answers for each how long until it is full, with what
  /// all others drew. UNAVAILABLE when Redis is away: the next call connects anew.
  absl::StatusOr<std::vector<absl::Duration>> Exchange(const std::vector<Drawn>& drawn);

 private:
  const RedisAddress address_;
  std::unique_ptr<RedisLine> line_;
};

}  // namespace cartwise::gateway
