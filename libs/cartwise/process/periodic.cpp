#include "cartwise/process/periodic.hpp"

#include <utility>

#include "cartwise/obs/log.hpp"

namespace cartwise::process {

Periodic::Periodic(std::string name, absl::Duration interval, Work work)
    : name_(std::move(name)),
      interval_(interval),
      work_(std::move(work)),
      thread_([this] { Run(); }) {}

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
    Note(work_());
    lock.lock();
  }
}

void Periodic::Note(const absl::Status& done) {
  const bool failed = !done.ok();
  if (failed == std::exchange(failing_, failed)) return;
  if (failed) {
    obs::Warning("fails, and is tried again",
                 {{"what", name_}, {"why", std::string(done.message())}});
  } else {
    obs::Info("works again", {{"what", name_}});
  }
}

}  // namespace cartwise::process
