#pragma once

#include <string>

#include <absl/status/status.h>

#include "sim/event.hpp"

namespace cartwise::sim {

/// CLOCK_MONOTONIC now.
Micros MonotonicNow();

/// The judge: one JSON line per event, in the file before Write() returns.
class EventLog {
 public:
  EventLog() = default;
  ~EventLog();
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  /// Appends to `path`, creates it when it is not there.
  absl::Status Open(const std::string& path);

  /// Aborts the program when the line cannot be written whole: a run without
  /// its judge proves nothing.
  void Write(const Event& event);

 private:
  int fd_ = -1;
  Micros offset_ = 0;
};

/// The line without its newline; `offset` is wall clock minus CLOCK_MONOTONIC.
std::string FormatEvent(const Event& event, Micros offset);

}  // namespace cartwise::sim
