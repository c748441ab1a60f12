#include "cartwise/process/hourly.hpp"

#include <chrono>
#include <utility>

namespace cartwise::process {

Hourly::Hourly(std::function<void()> work) : work_(std::move(work)), thread_([this] { Run(); }) {}

Hourly::~Hourly() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Hourly::Run() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, std::chrono::hours(1), [this] { return ending_; })) {
    lock.unlock();
    work_();
    lock.lock();
  }
}

}  // namespace cartwise::process
