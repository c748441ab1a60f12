#pragma once

#include <cstdint>
#include <string_view>

#include <absl/time/time.h>

namespace cartwise::device {

/// A time before this was told by a clock that nobody had set (2024-01-01).
inline constexpr absl::Time kClockNeverSet = absl::FromUnixSeconds(1'704'067'200);

/// What the last Hello or Heartbeat told of an agent's clock, and when it came.
struct ClockSample {
  int64_t agent_boot_ms = 0;   ///< a: the agent's CLOCK_BOOTTIME when it sent
  absl::Duration received_at;  ///< r: CLOCK_BOOTTIME of this process at receipt
  absl::Time received_wall;    ///< the wall clock at the same moment
};

/// The last moment, in the agent's own clock, at which an order may act:
/// `a + (t - r) + ttl`, where `t` is when the command was accepted (this
/// process's CLOCK_BOOTTIME). Travel time of the sample and waiting before the
/// wire only make it earlier; no wall clock is trusted.
int64_t NotAfterMs(const ClockSample& sample, absl::Duration accepted_at, absl::Duration ttl);

/// When an agent's event happened. While its epoch is the running one, by the
/// boot clock; else the Pi's wall clock. Never later than `now`; `now` too when
/// the Pi's clock was evidently never set.
absl::Time WhenItHappened(const ClockSample& sample, std::string_view running_epoch,
                          std::string_view event_epoch, int64_t event_boot_ms,
                          absl::Time pi_wall_clock, absl::Time now);

}  // namespace cartwise::device
