#include "domain/days.hpp"

#include <future>

#include <catch2/catch.hpp>

#include "domain/event_store_fake.hpp"

namespace cartwise::telemetry {

TEST_CASE("the days turn once at start and the outcome is told", "[telemetry]") {
  FakeEventStore store;
  std::promise<absl::Status> told;

  const Days days(store, 90, [&](const absl::Status& turned) { told.set_value(turned); });

  CHECK(told.get_future().get().ok());
}

TEST_CASE("the days turn on until nothing is left to drop", "[telemetry]") {
  FakeEventStore store;
  store.turns = 3;
  std::promise<void> third;

  const Days days(store, 90, [&, told = 0](const absl::Status&) mutable {
    if (++told == 3) third.set_value();
  });

  third.get_future().wait();
}

}  // namespace cartwise::telemetry
