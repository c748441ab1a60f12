#include "domain/days.hpp"

#include <chrono>
#include <utility>

namespace cartwise::telemetry {
namespace {

constexpr auto kPace = std::chrono::hours(1);
constexpr auto kRetry = std::chrono::seconds(5);

}  // namespace

Days::Days(EventStore& store, int keep_days, std::function<void(const absl::Status&)> report)
    : store_(store),
      keep_days_(keep_days),
      report_(std::move(report)),
      thread_([this] { Run(); }) {}

Days::~Days() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Days::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_) {
    lock.unlock();
    const absl::StatusOr<bool> turned = store_.TurnDays(keep_days_);
    report_(turned.status());
    lock.lock();
    if (turned.ok() && *turned) continue;
    const std::chrono::seconds pause = turned.ok() ? std::chrono::seconds(kPace) : kRetry;
    wake_.wait_for(lock, pause, [&] { return ending_; });
  }
}

}  // namespace cartwise::telemetry
