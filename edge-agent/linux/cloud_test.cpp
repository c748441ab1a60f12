#include "linux/cloud.hpp"

#include <catch2/catch.hpp>

namespace cartwise::edge {
namespace {

TEST_CASE("an agent that was refused asks again within seconds, then ever more rarely") {
  Backoff backoff;
  const auto within = [&](absl::Duration least, absl::Duration most) {
    const absl::Duration pause = backoff.AfterRefusal();
    return pause >= least && pause <= most;
  };
  CHECK(within(absl::Seconds(2), absl::Seconds(4)));
  CHECK(within(absl::Seconds(4), absl::Seconds(8)));
  for (int i = 0; i < 10; ++i) backoff.AfterRefusal();
  CHECK(within(absl::Seconds(30), absl::Minutes(1)));

  backoff.Reset();

  CHECK(within(absl::Seconds(2), absl::Seconds(4)));
}

}  // namespace
}  // namespace cartwise::edge
