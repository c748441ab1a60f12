#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include <absl/status/status.h>

#include "domain/events.hpp"

namespace cartwise::telemetry {

/// Keeps the days of the record turning: at start, then every hour, at once where
/// there is more to drop, and every few seconds while that fails. One thread.
class Days {
 public:
  /// `report` hears of each outcome.
  Days(EventStore& store, int keep_days, std::function<void(const absl::Status&)> report);
  /// Ends after the turn under way.
  ~Days();

 private:
  void Run();

  EventStore& store_;
  const int keep_days_;
  const std::function<void(const absl::Status&)> report_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cartwise::telemetry
