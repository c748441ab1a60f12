#pragma once

#include <absl/time/time.h>

#include "domain/device.hpp"

/// When a device counts as there.
namespace cartwise::device {

/// A stream that says nothing for this long is dead, and its device OFFLINE.
inline constexpr absl::Duration kStreamSilence = absl::Seconds(15);
/// A new stream must say Hello within this.
inline constexpr absl::Duration kHelloWithin = absl::Seconds(5);
/// How often an agent sends a heartbeat on a stream.
inline constexpr absl::Duration kStreamHeartbeat = absl::Seconds(5);
/// A device without a stream is OFFLINE after this much silence.
inline constexpr absl::Duration kRestSilence = absl::Seconds(90);
/// last_heartbeat is stored at most this often ...
inline constexpr absl::Duration kHeartbeatStoredEvery = absl::Seconds(10);
/// ... and in batches this often.
inline constexpr absl::Duration kHeartbeatFlush = absl::Seconds(2);
/// A process that has not renewed its lease for this long holds no streams.
inline constexpr absl::Duration kLease = absl::Seconds(15);

inline bool StreamIsSilent(absl::Duration last_heard, absl::Duration now) {
  return now - last_heard > kStreamSilence;
}

/// What is stored may lag behind by one flush.
inline absl::Time RestSilentSince(absl::Time now) {
  return now - kRestSilence - kHeartbeatFlush;
}

/// May the beat be kept in memory only, the stored one being young enough?
inline bool StoredIsYoung(const Device& device, absl::Time now) {
  return device.last_heartbeat && now - *device.last_heartbeat < kHeartbeatStoredEvery;
}

}  // namespace cartwise::device
