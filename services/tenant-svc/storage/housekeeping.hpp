#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/pg/pool.hpp"

namespace cartwise::tenant {

/// Deletes what nobody can use any more: answers kept for an Idempotency-Key
/// for a day, sign-ins whose last refresh token expired a week ago,
/// expired password links, and of one-time codes what no limit looks back to.
absl::Status Tidy(pg::Pool& pool, absl::Time now);

/// Tidies once an hour, from a thread of its own. Replicas may all run one.
class Housekeeping {
 public:
  explicit Housekeeping(pg::Pool& pool);
  ~Housekeeping();
  Housekeeping(const Housekeeping&) = delete;
  Housekeeping& operator=(const Housekeeping&) = delete;

 private:
  void Run();

  pg::Pool& pool_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartwise::tenant
