#include "load.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>

namespace cartwise::bench {

double OperationsPerSecond(int workers, double seconds,
                           const std::function<std::function<bool()>(int worker)>& make) {
  std::atomic<bool> counting = false, stop = false, failed = false;
  std::atomic<int64_t> done = 0;
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      const auto operation = make(worker);
      while (!stop) {
        if (!operation()) {
          failed = true;
          stop = true;
        }
        if (counting) ++done;
      }
    });
  }
  poll(nullptr, 0, 1000);
  counting = true;
  const int64_t begin = MonotonicMicros();
  poll(nullptr, 0, int(seconds * 1000));
  counting = false;
  const int64_t end = MonotonicMicros();
  stop = true;
  for (auto& thread : threads) thread.join();
  if (failed) {
    std::fprintf(stderr, "bench: an operation failed\n");
    std::exit(1);
  }
  return double(done) * 1e6 / double(end - begin);
}

int64_t MonotonicMicros() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

double Percentile(std::vector<double> samples, double share) {
  if (samples.empty()) return NAN;
  std::sort(samples.begin(), samples.end());
  const size_t index = size_t(std::ceil(share * double(samples.size())));
  return samples[std::min(samples.size() - 1, index == 0 ? 0 : index - 1)];
}

}  // namespace cartwise::bench
