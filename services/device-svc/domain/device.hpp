#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::device {

/// Whether a device is there.
enum class Status { kOffline, kOnline, kError };

/// Where a device is in its life. PROVISIONED = enrolled, never seen;
/// QUARANTINED = claimed twice, may do nothing; RETIRED is final.
enum class Lifecycle { kProvisioned, kActive, kQuarantined, kRetired };

/// How a device talks to the cloud.
enum class Transport { kStream, kMqtt };

std::string_view NameOf(Status status);
std::string_view NameOf(Lifecycle lifecycle);
std::string_view NameOf(Transport transport);
/// Names that this program stored; anything else is a bug and aborts.
Status StatusNamed(std::string_view name);
Lifecycle LifecycleNamed(std::string_view name);
Transport TransportNamed(std::string_view name);

/// SHA-256 hashes of the tokens a device may present. The tokens themselves
/// are stored nowhere.
struct DeviceTokens {
  std::string current;
  bool current_used = false;                 ///< it was presented at least once
  std::string previous;                      ///< empty when none
  std::optional<absl::Time> previous_until;  ///< empty while nobody presented the current one

  bool Accepts(std::string_view hash, absl::Time now) const;
  /// Notes the first use of the current one, from which on the one before has kTokenOverlap
  /// left. True when this changed anything.
  bool MarkUsed(std::string_view hash, absl::Time now);
  /// The device asked for a new one. Whether it arrives is known only once it is presented: until
  /// then the one it asked with is its way back. False when it asked with one that it has replaced
  /// for sure.
  bool Rotate(std::string_view asked_with, std::string fresh);
};

inline constexpr absl::Duration kTokenLife = absl::Hours(24 * 30);
inline constexpr absl::Duration kTokenOverlap = absl::Minutes(10);

/// A computer in a branch that speaks for hardware. A plain value.
struct Device {
  DeviceId id;
  ChainId chain;
  BranchId branch;
  std::string name;
  std::string mac_address;  ///< six lower-case hex pairs with colons
  std::string serial_number;
  Status status = Status::kOffline;
  absl::Time status_since;
  Lifecycle lifecycle = Lifecycle::kProvisioned;
  Transport transport = Transport::kStream;
  std::optional<absl::Time> last_heartbeat;
  std::string firmware_version;
  std::string ip_address;
  DeviceTokens tokens;
  absl::Time created_at;
  absl::Time updated_at;

  bool InService() const {
    return lifecycle == Lifecycle::kProvisioned || lifecycle == Lifecycle::kActive;
  }
  void SetStatus(Status to, absl::Time now);
  /// Changed now, or when it changed last: events are told by this time, and it does not go back
  /// where clocks of processes differ.
  void Touch(absl::Time now) { updated_at = std::max(updated_at, now); }
};

/// Six hex pairs with colons in any case; the result is lower case. Empty when
/// it is something else.
std::string NormalMac(std::string_view text);

/// What a new device says of itself.
struct NewDevice {
  std::string mac_address;
  std::string name;  ///< the MAC address when empty
  std::string serial_number;
  std::string firmware_version;
  Transport transport = Transport::kStream;
  std::string branch_code;  ///< empty, or the code of the key's branch

  /// INVALID_FIELD naming every field at fault; normalises what is right.
  absl::Status Check();
};

/// The fields that are set replace those of a device.
struct DeviceChange {
  std::optional<std::string> name;
  std::optional<std::string> serial_number;
  std::optional<Lifecycle> lifecycle;
};

}  // namespace cartwise::device
