#include <poll.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <absl/strings/str_format.h>

#include "harness/rack.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

/// Short turns, so that the machine is as fast in the ones as in the others.
constexpr int kRounds = 15;
constexpr double kShareOfTurn = 0.3;
/// A BASIC plan has 100 requests per minute; fifty times that.
constexpr int kNoisePerSecond = 100 * 50 / 60;
constexpr int kQuietPerSecond = 50;

void Wait(int64_t until) {
  const int64_t left = until - MonotonicMicros();
  if (left > 0) poll(nullptr, 0, int(left / 1000));
}

// Calls at an even pace, late ones at once; milliseconds of each.
std::vector<double> Pace(fleet::Rest& client, const std::string& path, int per_second,
                         const std::function<bool()>& more) {
  std::vector<double> took;
  const int64_t start = MonotonicMicros();
  for (int64_t i = 0; more(); ++i) {
    Wait(start + i * 1'000'000 / per_second);
    const int64_t begin = MonotonicMicros();
    const int status = client.Get(path).status;
    took.push_back(double(MonotonicMicros() - begin) / 1000);
    if (status != 200 && status != 429) {
      std::fprintf(stderr, "bench: %s answered %d\n", path.c_str(), status);
      std::exit(1);
    }
  }
  return took;
}

void Append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

// What the calls of one chain cost while another asks for fifty times what its plan
// allows, against what they cost alone; by turns.
std::vector<Figure> NoisyChain(fleet::Fleet&, const Effort& effort) {
  fleet::Fleet limited;  // the others run without limits
  fleet::Chain quiet(limited, "quiet"), noisy(limited, "noisy");
  limited.platform().Put("/api/chains/" + noisy.id, {{"plan", "BASIC"}});
  const std::string path = "/api/branches";
  fleet::Rest caller = quiet.owner->Twin(), shouter = noisy.owner->Twin();
  // Until the gateway has heard of the plan.
  while (shouter.Get(path).status != 429) continue;

  std::vector<double> alone, beside;
  for (int round = 0; round < kRounds; ++round) {
    const auto calls = [&] {
      const int64_t end = MonotonicMicros() + int64_t(effort.seconds * kShareOfTurn * 1e6);
      return Pace(caller, path, kQuietPerSecond, [end] { return MonotonicMicros() < end; });
    };
    Append(alone, calls());
    std::atomic<bool> stop = false;
    std::thread noise([&] { Pace(shouter, path, kNoisePerSecond, [&] { return !stop; }); });
    Append(beside, calls());
    stop = true;
    noise.join();
  }
  const double floor = Percentile(alone, 0.99), ours = Percentile(beside, 0.99);
  return {{.name = "noisy_chain_p99",
           .unit = "x",
           .ours = ours / floor,
           .goal = 1.2,
           .remark = absl::StrFormat(
               "p99 %.1f ms beside a chain at 50 times its plan, %.1f ms alone", ours, floor)}};
}

}  // namespace cartwise::bench
