#pragma once

#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::rental {

/// Runs statements, each as a transaction of its own in one round trip, or all
/// within a given transaction: the same store serves a single hot event and a
/// long batch. Used by one thread.
class Runner {
 public:
  Runner(pg::Pool& pool, pg::Tenant tenant, absl::Time deadline)
      : pool_(&pool), tenant_(std::move(tenant)), deadline_(deadline) {}
  explicit Runner(pg::Transaction& tx) : tenant_(pg::Tenant::Platform()), tx_(&tx) {}

  template <typename... Args>
  absl::StatusOr<pg::Rows> Run(const pg::Query& query, const Args&... args) {
    if (tx_ != nullptr) return tx_->Run(query, args...);
    return pool_->Once(tenant_, deadline_, query, args...);
  }

 private:
  pg::Pool* pool_ = nullptr;
  pg::Tenant tenant_;
  absl::Time deadline_;
  pg::Transaction* tx_ = nullptr;
};

}  // namespace cartwise::rental
