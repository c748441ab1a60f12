#include "sim/loop.hpp"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "sim/event_log.hpp"

namespace cartwise::sim {

Loop::~Loop() {
  for (const int fd : {epoll_, alarm_, signals_}) {
    if (fd >= 0) close(fd);
  }
}

absl::Status Loop::Init() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);

  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  alarm_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  signals_ = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
  if (epoll_ < 0 || alarm_ < 0 || signals_ < 0) return absl::ErrnoToStatus(errno, "no event loop");
  for (const int fd : {alarm_, signals_}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  return absl::OkStatus();
}

void Loop::Watch(int fd, std::function<void()> ready) {
  watched_[fd] = std::make_shared<std::function<void()>>(std::move(ready));
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Loop::Forget(int fd) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  watched_.erase(fd);
}

void Loop::Run() {
  std::array<epoll_event, 16> events;
  while (true) {
    agenda_.RunDue(MonotonicNow());
    SetAlarm();
    const int count = epoll_wait(epoll_, events.data(), events.size(), -1);
    // What was due before these events happened is done before them.
    agenda_.RunDue(MonotonicNow());
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == signals_) return;
      if (fd == alarm_) {
        uint64_t expirations = 0;
        [[maybe_unused]] const auto got = read(alarm_, &expirations, sizeof(expirations));
        alarm_at_ = 0;
        continue;
      }
      // Held for the call: what runs may forget itself or another.
      const auto found = watched_.find(fd);
      if (found == watched_.end()) continue;
      const auto ready = found->second;
      (*ready)();
    }
  }
}

void Loop::SetAlarm() {
  const Micros next = agenda_.Next().value_or(0);
  if (next == alarm_at_) return;
  alarm_at_ = next;
  itimerspec when{};
  when.it_value.tv_sec = next / 1'000'000;
  when.it_value.tv_nsec = next % 1'000'000 * 1000;
  timerfd_settime(alarm_, TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace cartwise::sim
