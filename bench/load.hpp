#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

#include "harness/rest.hpp"

namespace cartwise::bench {

/// Operations that go on until they are told to stop, and how many are counted. An operation that
/// failed ends the run: a bench of failures says nothing. Thread-safe but for Measure.
class Load {
 public:
  bool running() const { return !stop_; }
  /// An operation has ended.
  void Note(bool succeeded);
  /// Operations per second over `seconds`, after a second that is not counted; stops them.
  double Measure(double seconds);
  /// Once all have stopped: ends the program if one has failed.
  void Check() const;

 private:
  std::atomic<bool> counting_ = false, stop_ = false, failed_ = false;
  std::atomic<int64_t> done_ = 0;
};

/// Runs `make(worker)()` over and over in `workers` threads as a Load; operations per second.
double OperationsPerSecond(int workers, double seconds,
                           const std::function<std::function<bool()>(int worker)>& make);

using fleet::MonotonicMicros;

/// The value below which `share` (0..1) of the samples lie.
double Percentile(std::vector<double> samples, double share);

}  // namespace cartwise::bench
