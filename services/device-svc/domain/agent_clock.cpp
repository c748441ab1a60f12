#include "domain/agent_clock.hpp"

#include <algorithm>

namespace cartwise::device {

int64_t NotAfterMs(const ClockSample& sample, absl::Duration accepted_at, absl::Duration ttl) {
  const absl::Duration since = accepted_at - sample.received_at + ttl;
  // Rounded down: a deadline may only move earlier.
  return sample.agent_boot_ms +
         absl::ToInt64Milliseconds(absl::Floor(since, absl::Milliseconds(1)));
}

absl::Time WhenItHappened(const ClockSample& sample, std::string_view running_epoch,
                          std::string_view event_epoch, int64_t event_boot_ms,
                          absl::Time pi_wall_clock, absl::Time now) {
  absl::Time happened = pi_wall_clock;
  if (event_epoch == running_epoch) {
    // Durations saturate, so a nonsense clock cannot overflow.
    happened = sample.received_wall -
               (absl::Milliseconds(sample.agent_boot_ms) - absl::Milliseconds(event_boot_ms));
  }
  return happened < kClockNeverSet ? now : std::min(happened, now);
}

}  // namespace cartwise::device
