#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "core/order.hpp"

namespace cartwise::edge {

/// The disk of the order book. Nothing here waits for the platter: a power cut
/// makes a new boot and a new epoch, which void what was lost. Thread-safe.
class OrderStore {
 public:
  /// An order that acted, and ended.
  struct Acted {
    Order order;        ///< its id, kind and arguments
    absl::Duration at;  ///< CLOCK_BOOTTIME, maybe of an earlier boot
  };
  struct Kept {
    std::vector<Order> intents;          ///< begun, end unknown
    std::vector<CommandResult> results;  ///< not committed by the cloud yet
    std::vector<CommandId> settled;      ///< committed; remembered against replays
    std::vector<Acted> acted;            ///< of the latter two, oldest first
  };

  virtual ~OrderStore() = default;
  virtual absl::StatusOr<Kept> Load() = 0;
  virtual absl::Status SaveIntent(const Order& order) = 0;
  virtual absl::Status SaveResult(const CommandResult& result) = 0;
  /// The cloud has the result; it need not come back from Load.
  virtual absl::Status Settle(const CommandId& id) = 0;
  virtual absl::Status Forget(const CommandId& id) = 0;
};

/// Proves that the cloud made an order. Thread-safe.
class OrderVerifier {
 public:
  virtual ~OrderVerifier() = default;
  virtual bool Verify(const SignedOrder& order) const = 0;
};

}  // namespace cartwise::edge
