#include <poll.h>

#include "cartwise/pg/connection.hpp"
#include "harness/rack.hpp"
#include "load.hpp"
#include "sections.hpp"

namespace cartwise::bench {

// The moment of the return is the board's own note of it; the moment of the end
// is when another database session sees the rental ended.
std::vector<Figure> Returns(fleet::Fleet& fleet, const Effort& effort) {
  fleet::Chain chain(fleet);
  fleet::Rack rack(fleet, chain, {.boards = 10, .carts = 160});
  auto watcher = pg::Connection::Open(fleet.database.SuperUrl());
  std::vector<double> samples;
  for (int i = 0; i < effort.unlocks / 2; ++i) {
    const auto rental = rack.Assign(fleet::NewPhone());
    if (!rental.ok()) {
      std::fprintf(stderr, "bench: assign failed: %s\n", rental.text.c_str());
      std::exit(1);
    }
    const std::string place = rack.PlaceOf(rental.body["cart_id"]);
    const std::string ended = "SELECT 1 FROM rental.rentals WHERE id = '" +
                              rental.body["id"].get<std::string>() +
                              "' AND status IN ('RETURNED', 'NOT_TAKEN')";
    const int64_t begin = MonotonicMicros();
    rack.board().Do("push " + place);
    while ((*watcher)->Raw(ended)->empty()) poll(nullptr, 0, 1);
    samples.push_back(double(MonotonicMicros() - begin) / 1000);
  }
  return {{.name = "return_seen_p99_ms",
           .unit = "ms",
           .ours = Percentile(samples, 0.99),
           .goal = 150,
           .remark = "hook closed -> rental ended, 10 boards, gap 25 ms; p50 " +
                     std::to_string(Percentile(samples, 0.5))}};
}

}  // namespace cartwise::bench
