#include "sim/event_log.hpp"

#include <absl/time/clock.h>
#include <absl/time/time.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cartwise/base/text.hpp"

namespace cartwise::sim {
namespace {

constexpr Micros kClockWasSet = 1000;

}  // namespace

Micros MonotonicNow() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return Micros{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
}

EventLog::~EventLog() {
  if (fd_ >= 0) close(fd_);
}

absl::Status EventLog::Open(const std::string& path) {
  fd_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) return absl::ErrnoToStatus(errno, "cannot open the log " + path);
  return absl::OkStatus();
}

void EventLog::Write(const Event& event) {
  // Kept unless the clock was set, so that reading two clocks one after the
  // other does not turn the order of lines around.
  const Micros offset = absl::ToUnixMicros(absl::Now()) - MonotonicNow();
  if (std::abs(offset - offset_) > kClockWasSet) offset_ = offset;
  const std::string line = FormatEvent(event, offset_) + "\n";
  if (write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
  std::perror("emulated-board: cannot write its log");
  std::abort();
}

std::string FormatEvent(const Event& event, Micros offset) {
  nlohmann::ordered_json line;
  line["time"] = FormatTime(absl::FromUnixMicros(event.at + offset));
  line["event"] = event.name;
  if (event.board) line["board"] = *event.board;
  if (event.lock) line["lock"] = *event.lock;
  line["cause"] = event.cause;
  if (event.opened) line["opened"] = *event.opened;
  line["mono_us"] = event.at;
  if (event.first_byte_at) line["first_byte_mono_us"] = *event.first_byte_at;
  return line.dump();
}

}  // namespace cartwise::sim
