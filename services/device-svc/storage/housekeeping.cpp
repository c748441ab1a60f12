#include "storage/housekeeping.hpp"

#include <absl/time/clock.h>

namespace cartwise::device {
namespace {

constexpr absl::Duration kAnswersKept = absl::Hours(24);

constexpr pg::Query kDropAnswers{"device_drop_old_answers", R"sql(
  DELETE FROM device.idempotency_keys WHERE created_at < $1)sql"};

}  // namespace

absl::Status Tidy(pg::Pool& pool, absl::Time now) {
  return pool
      .Once(pg::Tenant::Platform(), absl::Now() + absl::Seconds(30), kDropAnswers,
            now - kAnswersKept)
      .status();
}

Housekeeping::Housekeeping(pg::Pool& pool) : pool_(pool), thread_([this] { Run(); }) {}

Housekeeping::~Housekeeping() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Housekeeping::Run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, std::chrono::hours(1), [this] { return ending_; })) {
    lock.unlock();
    // A failure is the database's, which readiness reports; the next hour tries again.
    Tidy(pool_, absl::Now()).IgnoreError();
    lock.lock();
  }
}

}  // namespace cartwise::device
