#include "domain/agent_clock.hpp"

#include <limits>

#include <catch2/catch.hpp>

namespace cartwise::device {
namespace {

const std::string kEpoch(32, 'a');
const absl::Time kWall = absl::FromUnixSeconds(1'780'000'000);
// The agent has run for 1,000 s, this process's machine for 5,000 s.
const ClockSample kSample{1'000'000, absl::Seconds(5000), kWall};

TEST_CASE("a deadline is counted in the agent's clock from when the command was accepted") {
  CHECK(NotAfterMs(kSample, absl::Seconds(5000), absl::Seconds(5)) == 1'005'000);
  CHECK(NotAfterMs(kSample, absl::Seconds(5003), absl::Seconds(5)) == 1'008'000);
}

TEST_CASE("a sample that travelled long only makes the deadline earlier") {
  // Sent at 1,000 s of the agent's clock, received 2 s later than it could have been.
  ClockSample late = kSample;
  late.received_at += absl::Seconds(2);
  const int64_t prompt = NotAfterMs(kSample, absl::Seconds(5010), absl::Seconds(5));
  CHECK(NotAfterMs(late, absl::Seconds(5010), absl::Seconds(5)) == prompt - 2000);
}

TEST_CASE("fractions of a millisecond are cut off, never added") {
  CHECK(NotAfterMs(kSample, absl::Seconds(5000) + absl::Microseconds(999), absl::Seconds(5)) ==
        1'005'000);
  CHECK(NotAfterMs(kSample, absl::Seconds(5000) - absl::Microseconds(1), absl::Seconds(5)) ==
        1'004'999);
}

absl::Time Happened(const std::string& epoch, int64_t boot_ms, absl::Time pi, absl::Time now) {
  return WhenItHappened(kSample, kEpoch, epoch, boot_ms, pi, now);
}

TEST_CASE("an event of the running epoch happened when the boot clock says") {
  const absl::Time wrong = absl::FromUnixSeconds(0);
  const absl::Time now = kWall + absl::Seconds(60);
  CHECK(Happened(kEpoch, 990'000, wrong, now) == kWall - absl::Seconds(10));
  CHECK(Happened(kEpoch, 1'004'000, wrong, now) == kWall + absl::Seconds(4));
}

TEST_CASE("an event of an older epoch happened when the Pi's wall clock said") {
  const std::string older(32, 'b');
  const absl::Time yesterday = kWall - absl::Hours(24);
  CHECK(Happened(older, 990'000, yesterday, kWall) == yesterday);
}

TEST_CASE("nothing happens in the future, nor before clocks were set") {
  const std::string older(32, 'b');
  CHECK(Happened(kEpoch, 2'000'000, kWall, kWall) == kWall);
  CHECK(Happened(older, 0, kWall + absl::Hours(1), kWall) == kWall);
  CHECK(Happened(older, 0, absl::FromUnixSeconds(12), kWall) == kWall);
}

TEST_CASE("a nonsense clock does no harm") {
  using Limits = std::numeric_limits<int64_t>;
  CHECK(Happened(kEpoch, Limits::min(), kWall, kWall) == kWall);
  CHECK(Happened(kEpoch, Limits::max(), kWall, kWall) == kWall);
}

}  // namespace
}  // namespace cartwise::device
