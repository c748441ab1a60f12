#pragma once

#include <mutex>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "cartwise/base/database.hpp"
#include "domain/presence.hpp"
#include "domain/presence_log.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// What a device says when it opens its control stream.
struct Greeting {
  std::string token_hash;
  std::string agent_epoch;
  int64_t last_seq = 0;
  std::string firmware_version;
  std::string ip_address;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
};

/// A control stream that counts from now on.
struct OpenedStream {
  StreamId id;
  Device device;
  std::vector<Controller> controllers;
};

/// What a device without a stream says of itself.
struct SelfReport {
  std::string token_hash;
  Status status = Status::kOnline;
  std::string ip_address;
  std::string firmware_version;
};

/// Presence of devices: streams open and close, heartbeats come, silence is
/// noticed. Each change of status commits with its `device.online` or
/// `device.offline`. Thread-safe.
class Streams {
 public:
  Streams(Database<Store>& database, PresenceLog& log, const Clock& clock, ReplicaId self)
      : database_(database), log_(log), clock_(clock), self_(std::move(self)) {}

  /// Checks the token, makes this the stream that counts (whoever held an older
  /// one hears of it) and the device ONLINE.
  absl::StatusOr<OpenedStream> Open(const Caller& caller, const Greeting& greeting);
  /// The device is OFFLINE, unless a newer stream counts by now.
  absl::Status Close(const DeviceKey& device, const StreamId& stream);
  /// The device behind a second stream (telemetry); its token is checked.
  absl::StatusOr<Device> Admit(const Caller& caller, const std::string& token_hash);
  /// Does this stream still count?
  absl::StatusOr<bool> Counts(const DeviceKey& device, const StreamId& stream);
  absl::StatusOr<std::vector<Controller>> ControllersOf(const DeviceKey& device);
  /// Boards that the agent lost (kError) or found (kActive), announced where that is news; what
  /// it never found stays kInactive, others' ids are ignored.
  absl::Status BoardsSeen(const DeviceKey& device,
                          const std::vector<std::pair<ControllerId, ControllerStatus>>& boards);

  /// A heartbeat without a stream.
  absl::Status Beat(const Caller& caller, const SelfReport& report);
  /// A sign of life on a stream; kept in memory until the next Flush.
  void Note(const DeviceKey& device, absl::Time at);

  /// Jobs. Each answers what went wrong; the next run tries again.
  absl::Status Flush();
  absl::Status RenewLease() { return log_.RenewLease(self_, kLease); }
  /// Marks OFFLINE whoever is silent or lost its process. How many there were.
  absl::StatusOr<int> SweepVanished();
  absl::StatusOr<std::vector<HeldStream>> Held() { return log_.HeldBy(self_); }

 private:
  Caller Myself() const;
  absl::Status SetThere(Store& store, Device& device, Status status) const;

  Database<Store>& database_;
  PresenceLog& log_;
  const Clock& clock_;
  const ReplicaId self_;
  std::mutex mutex_;
  std::vector<device::Beat> beats_;
};

}  // namespace cartwise::device
