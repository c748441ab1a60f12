#pragma once

#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// A new token: shown once, stored as a hash.
struct IssuedToken {
  std::string token;
  std::string hash;
};

/// Port: makes device tokens. Thread-safe.
class Tokens {
 public:
  virtual ~Tokens() = default;
  virtual IssuedToken Issue(const DeviceKey& device) = 0;
};

/// What the branch directory says of an enrollment key.
struct EnrolledBranch {
  BranchId branch;
  ChainId chain;
  std::string chain_slug;
  std::string branch_code;
  int max_devices = 0;  ///< of the whole chain, by its plan
};

/// What became of an enrollment.
struct Enrollment {
  Device device;
  std::string token;  ///< empty: refused, the claim was a second one
};

/// Use cases about devices. Each runs within the caller's transaction; stateless
/// but for its ports, thread-safe.
class Devices {
 public:
  Devices(Tokens& tokens, const Clock& clock) : tokens_(tokens), clock_(clock) {}

  /// Inserts the device. A MAC address that was enrolled in this chain but never
  /// seen gets a new token. One in service is a second claim: it is quarantined
  /// when the claim comes from its own chain; a foreign chain's key proves
  /// nothing about it and only leaves a `device.claimed_elsewhere`. Both answer
  /// without a token and must commit. PLAN_LIMIT_REACHED: nothing is inserted.
  absl::StatusOr<Enrollment> Enroll(Store& store, const Caller& caller,
                                    const EnrolledBranch& branch, const NewDevice& wanted) const;

  /// MaySpeak for the device behind a DEVICE caller; OK for other callers.
  absl::Status Admit(Store& store, const Caller& caller, const std::string& token_hash) const;

  absl::StatusOr<Device> Get(Store& store, const Caller& caller, const DeviceId& id) const;
  absl::StatusOr<std::vector<Device>> List(Store& store, const Caller& caller, DeviceFilter filter,
                                           const PageRequest& page) const;
  absl::StatusOr<Device> Update(Store& store, const Caller& caller, const DeviceId& id,
                                const DeviceChange& change) const;
  absl::Status Retire(Store& store, const Caller& caller, const DeviceId& id) const;
  absl::StatusOr<Device> SetFirmware(Store& store, const Caller& caller, const DeviceId& id,
                                     const std::string& version) const;
  /// Asked for by the device with the token of this hash, which stays good until the new one is
  /// used; BAD_TOKEN for one that it has replaced before. Asked for by staff, what the device has
  /// is void at once and its streams end.
  absl::StatusOr<Enrollment> RotateToken(Store& store, const Caller& caller,
                                         const std::string& token_hash, const DeviceId& id) const;

 private:
  absl::StatusOr<Enrollment> EnrollAgain(Store& store, const Caller& caller,
                                         const EnrolledBranch& branch,
                                         const NewDevice& wanted) const;
  absl::Status EndPresence(Store& store, Device& device) const;

  Tokens& tokens_;
  const Clock& clock_;
};

/// May this caller see the device with at least this role? NOT_FOUND else, worded
/// as an absent one. Devices see themselves, services everything.
absl::Status MayTouch(const Caller& caller, const Device& device, Role least);

/// BAD_TOKEN unless the presented token is the current one (or the one before, until the current
/// one is used and for its overlap) and the device is in service; DEVICE_QUARANTINED.
absl::Status MaySpeak(const Device& device, const std::string& token_hash, absl::Time now);

/// The device, when the caller may see it with at least this role.
absl::StatusOr<Device> FindVisible(Store& store, const Caller& caller, const DeviceId& id,
                                   Role least);

}  // namespace cartwise::device
