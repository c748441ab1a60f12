#include "cartwise/process/periodic.hpp"

#include <utility>

namespace cartwise::process {

Periodic::Periodic(absl::Duration interval, std::function<void()> work)
    : interval_(interval), work_(std::move(work)), thread_([this] { Run(); }) {}

Periodic::~Periodic() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Periodic::Run() {
  std::unique_lock lock(mutex_);
  while (
      !ended_.wait_for(lock, absl::ToChronoMilliseconds(interval_), [this] { return ending_; })) {
    lock.unlock();
    work_();
    lock.lock();
  }
}

}  // namespace cartwise::process
