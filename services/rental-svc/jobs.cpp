#include "jobs.hpp"

#include "cartwise/obs/log.hpp"

namespace cartwise::rental {
namespace {

constexpr auto kEvery = std::chrono::seconds(2);
constexpr int kRoundsPerHour = 1800;
constexpr absl::Duration kKeysLive = absl::Hours(24 * 30);
// Longer than an agent may be away and still tell of the past.
constexpr absl::Duration kEventsLive = absl::Hours(24 * 90);

}  // namespace

Jobs::Jobs(Recovery& recovery, Unfinished& unfinished, std::function<void()> announced)
    : recovery_(recovery), unfinished_(unfinished), announced_(std::move(announced)) {
  thread_ = std::thread([this] { Run(); });
}

Jobs::~Jobs() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

void Jobs::Run() {
  std::unique_lock lock(mutex_);
  for (int round = 0; !stopping_; ++round) {
    lock.unlock();
    absl::Status done = recovery_.RunOnce();
    if (round % kRoundsPerHour == 0) done.Update(unfinished_.Forget(kKeysLive, kEventsLive));
    if (!done.ok()) obs::Warning("recovery goes on later", {{"why", std::string(done.message())}});
    announced_();
    lock.lock();
    stopped_.wait_for(lock, kEvery, [&] { return stopping_; });
  }
}

}  // namespace cartwise::rental
