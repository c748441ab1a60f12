#pragma once

#include <mutex>
#include <string>

#include "core/order_store.hpp"
#include "linux/sqlite.hpp"

namespace cartwise::edge {

/// The order book in `orders.db`. No write waits for the platter.
class SqliteOrderStore final : public OrderStore {
 public:
  explicit SqliteOrderStore(const std::string& state_dir);

  absl::StatusOr<Kept> Load() override;
  absl::Status SaveIntent(const Order& order) override;
  absl::Status SaveResult(const CommandResult& result) override;
  absl::Status Settle(const CommandId& id) override;
  absl::Status Forget(const CommandId& id) override;

  /// Why the book had to begin anew; empty when it had not, or when told before.
  std::string TakeLoss();
  /// Tidies the file when no order can feel it. Call now and then.
  absl::Status Checkpoint();

 private:
  absl::Status LoadInto(Kept& kept);
  absl::Status Change(const char* sql, const CommandId& id);

  std::mutex mutex_;
  SqliteFile file_;
};

}  // namespace cartwise::edge
