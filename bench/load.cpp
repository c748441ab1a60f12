#include "load.hpp"

#include <poll.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace cartwise::bench {

void Load::Note(bool succeeded) {
  if (!succeeded) failed_ = stop_ = true;
  if (counting_) ++done_;
}

double Load::Measure(double seconds) {
  poll(nullptr, 0, 1000);
  counting_ = true;
  const int64_t begin = MonotonicMicros();
  poll(nullptr, 0, int(seconds * 1000));
  counting_ = false;
  const int64_t end = MonotonicMicros();
  stop_ = true;
  return double(done_) * 1e6 / double(end - begin);
}

void Load::Check() const {
  if (!failed_) return;
  std::fprintf(stderr, "bench: an operation failed\n");
  std::exit(1);
}

double OperationsPerSecond(int workers, double seconds,
                           const std::function<std::function<bool()>(int worker)>& make) {
  Load load;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      const auto operation = make(worker);
      while (load.running()) load.Note(operation());
    });
  }
  const double rate = load.Measure(seconds);
  for (auto& thread : threads) thread.join();
  load.Check();
  return rate;
}

double Percentile(std::vector<double> samples, double share) {
  if (samples.empty()) return NAN;
  std::sort(samples.begin(), samples.end());
  const size_t index = size_t(std::ceil(share * double(samples.size())));
  return samples[std::min(samples.size() - 1, index == 0 ? 0 : index - 1)];
}

}  // namespace cartwise::bench
