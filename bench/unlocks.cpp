#include <poll.h>

#include <algorithm>
#include <functional>

#include "bare_way.hpp"
#include "harness/rack.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

// Unlock frame and status exchange at 19,200 baud, 10 bits a byte: 5 + 5 + 9 bytes.
constexpr double kWireMs = 19 * 10 * 1000.0 / 19'200;

// Most unlocks of one kind, one after another.
constexpr int kTurn = 100;

struct Samples {
  std::vector<double> first_byte_ms;
  std::vector<double> proven_ms;  ///< above the wire
};

// The last exchange and its gap are over: the bus is idle.
void AwaitQuiet() {
  poll(nullptr, 0, 60);
}

// One shopper after another on a bus that nobody polls meanwhile; every cart
// is pushed back before the next call.
class Shoppers {
 public:
  Shoppers(fleet::Fleet& fleet, int gap_ms)
      : gap_ms_(gap_ms),
        chain_(fleet),
        rack_(fleet, chain_, {.gap_ms = gap_ms, .poll_interval_ms = 250}) {}

  void Unlock() {
    const auto rental = rack_.Assign(fleet::NewPhone());
    if (!rental.ok()) {
      std::fprintf(stderr, "bench: assign failed: %s\n", rental.text.c_str());
      std::exit(1);
    }
    const auto after_ms = [&](int64_t us) { return double(us - rental.sent_us) / 1000; };
    samples.first_byte_ms.push_back(after_ms(rack_.board().Pulses().back().first_byte_us));
    samples.proven_ms.push_back(after_ms(rental.came_us) - kWireMs - gap_ms_);
    rack_.board().Do("push " + rack_.PlaceOf(rental.body["cart_id"]));
    rack_.WaitRental(rental.body["id"], "RETURNED NOT_TAKEN");
  }

  Samples samples;

 private:
  const int gap_ms_;
  fleet::Chain chain_;
  fleet::Rack rack_;
};

class Travellers {
 public:
  explicit Travellers(fleet::Fleet& fleet) : way_(fleet) {}

  void Go() {
    const BareWay::Trip trip = way_.Go();
    samples.first_byte_ms.push_back(trip.first_byte_ms);
    samples.proven_ms.push_back(trip.back_ms);
  }

  Samples samples;

 private:
  BareWay way_;
};

}  // namespace

std::vector<Figure> Unlocks(fleet::Fleet& fleet, const Effort& effort) {
  Shoppers at_usual_gap(fleet, 25), without_gap(fleet, 0);
  Travellers on_bare_way(fleet);
  const std::vector<std::function<void()>> turns = {
      [&] { at_usual_gap.Unlock(); }, [&] { without_gap.Unlock(); }, [&] { on_bare_way.Go(); }};
  // By turns, so that what changes with time falls on all alike.
  const int at_once = std::min(kTurn, effort.unlocks);
  for (int done = 0; done < effort.unlocks; done += at_once) {
    for (const auto& turn : turns) {
      for (int i = 0; i < at_once; ++i) {
        AwaitQuiet();
        turn();
      }
    }
  }
  const Samples &usual = at_usual_gap.samples, &dense = without_gap.samples,
                &bare = on_bare_way.samples;
  const double usual_above = Percentile(usual.proven_ms, 0.5);
  const double dense_above = Percentile(dense.proven_ms, 0.5);
  return {
      {.name = "unlock_first_byte_p50_ms",
       .unit = "ms",
       .ours = Percentile(usual.first_byte_ms, 0.5),
       .floor = Percentile(bare.first_byte_ms, 0.5),
       .goal = 3,
       .remark = "REST call sent -> first byte at the board, idle bus"},
      {.name = "unlock_first_byte_p99_ms",
       .unit = "ms",
       .ours = Percentile(usual.first_byte_ms, 0.99),
       .floor = Percentile(bare.first_byte_ms, 0.99),
       .goal = 10},
      {.name = "unlock_proven_above_wire_p50_ms",
       .unit = "ms",
       .ours = std::max(usual_above, dense_above),
       .floor = Percentile(bare.proven_ms, 0.5),
       .goal = 5,
       .remark = "the worse of gap 25 ms (" + std::to_string(usual_above) + ") and gap 0 (" +
                 std::to_string(dense_above) + ")"},
  };
}

}  // namespace cartwise::bench
