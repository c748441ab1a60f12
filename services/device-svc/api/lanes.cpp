#include "api/lanes.hpp"

#include <absl/time/clock.h>

namespace cartwise::device {

Lanes::Lanes(int threads) {
  for (int i = 0; i < threads; ++i) {
    lanes_.push_back(std::make_unique<Lane>());
    Lane& lane = *lanes_.back();
    lane.thread = std::thread([&lane] { lane.Run(); });
  }
}

void Lanes::Finish() {
  for (const auto& lane : lanes_) {
    std::lock_guard lock(lane->mutex);
    lane->stopping = true;
    lane->changed.notify_all();
  }
  for (const auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

void Lanes::Post(const std::string& key, std::function<void()> work) {
  PostAfter(key, absl::ZeroDuration(), std::move(work));
}

void Lanes::PostAfter(const std::string& key, absl::Duration delay, std::function<void()> work) {
  Lane& lane = *lanes_[std::hash<std::string>()(key) % lanes_.size()];
  // Work without a delay all has the same time: a multimap keeps its order.
  const absl::Time due = delay > absl::ZeroDuration() ? absl::Now() + delay : absl::InfinitePast();
  std::lock_guard lock(lane.mutex);
  lane.waiting.emplace(due, std::move(work));
  lane.changed.notify_one();
}

void Lanes::Lane::Run() {
  std::unique_lock lock(mutex);
  while (true) {
    const auto next = waiting.begin();
    const bool due = next != waiting.end() && next->first <= absl::Now();
    if (!due && stopping) return;
    if (next == waiting.end()) {
      changed.wait(lock);
    } else if (!due) {
      changed.wait_until(lock, absl::ToChronoTime(next->first));
    } else {
      auto work = std::move(next->second);
      waiting.erase(next);
      lock.unlock();
      work();
      // What it held may end something; not under the lock.
      work = nullptr;
      lock.lock();
    }
  }
}

}  // namespace cartwise::device
