#pragma once

#include <functional>
#include <vector>

namespace cartwise::bench {

/// Runs `make(worker)()` over and over in `workers` threads for `seconds` after
/// a warm-up second that is not counted; completed operations per second. An
/// operation that answers false stops the run: a bench of failures says nothing.
double OperationsPerSecond(int workers, double seconds,
                           const std::function<std::function<bool()>(int worker)>& make);

/// CLOCK_MONOTONIC in microseconds, the clock of the board's log.
int64_t MonotonicMicros();

/// The value below which `share` (0..1) of the samples lie.
double Percentile(std::vector<double> samples, double share);

}  // namespace cartwise::bench
