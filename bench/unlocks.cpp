#include <poll.h>

#include "bare_way.hpp"
#include "harness/rack.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {
namespace {

// Unlock frame and status exchange at 19,200 baud, 10 bits a byte: 5 + 5 + 9 bytes.
constexpr double kWireMs = 19 * 10 * 1000.0 / 19'200;

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
Samples Measure(fleet::Fleet& fleet, int gap_ms, int unlocks) {
  fleet::Chain chain(fleet);
  fleet::Rack rack(fleet, chain, {.gap_ms = gap_ms, .poll_interval_ms = 250});
  Samples samples;
  for (int i = 0; i < unlocks; ++i) {
    AwaitQuiet();
    const auto rental = rack.Assign(fleet::NewPhone());
    if (!rental.ok()) {
      std::fprintf(stderr, "bench: assign failed: %s\n", rental.text.c_str());
      std::exit(1);
    }
    const auto after_ms = [&](int64_t us) { return double(us - rental.sent_us) / 1000; };
    samples.first_byte_ms.push_back(after_ms(rack.board().Pulses().back().first_byte_us));
    samples.proven_ms.push_back(after_ms(rental.came_us) - kWireMs - gap_ms);
    rack.board().Do("push " + rack.PlaceOf(rental.body["cart_id"]));
    rack.WaitRental(rental.body["id"], "RETURNED NOT_TAKEN");
  }
  return samples;
}

Samples MeasureBareWay(fleet::Fleet& fleet, int trips) {
  BareWay way(fleet);
  Samples samples;
  for (int i = 0; i < trips; ++i) {
    AwaitQuiet();
    const BareWay::Trip trip = way.Go();
    samples.first_byte_ms.push_back(trip.first_byte_ms);
    samples.proven_ms.push_back(trip.back_ms);
  }
  return samples;
}

}  // namespace

std::vector<Figure> Unlocks(fleet::Fleet& fleet, const Effort& effort) {
  const Samples usual = Measure(fleet, 25, effort.unlocks);
  const Samples dense = Measure(fleet, 0, effort.unlocks);
  const Samples bare = MeasureBareWay(fleet, effort.unlocks);
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
