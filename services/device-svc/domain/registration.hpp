#pragma once

#include <string>

#include "cartwise/base/database.hpp"
#include "domain/devices.hpp"

namespace cartwise::device {

/// Port: spends enrollment keys. Thread-safe.
class BranchDirectory {
 public:
  virtual ~BranchDirectory() = default;
  /// UNAUTHENTICATED (ENROLLMENT_KEY_INVALID) whatever is wrong with the key.
  virtual absl::StatusOr<EnrolledBranch> Redeem(const std::string& key, const std::string& mac,
                                                const Caller& caller) = 0;
};

/// A device that may speak from now on.
struct Registered {
  Device device;
  std::string token;
  EnrolledBranch branch;
};

/// How a device becomes known: it shows an enrollment key, and gets a token.
class Registration {
 public:
  Registration(BranchDirectory& directory, Database<Store>& database, const Devices& devices)
      : directory_(directory), database_(database), devices_(devices) {}

  /// INVALID_FIELD, ENROLLMENT_KEY_INVALID, DEVICE_ALREADY_CLAIMED, PLAN_LIMIT_REACHED.
  absl::StatusOr<Registered> Register(const Caller& caller, const std::string& enrollment_key,
                                      NewDevice wanted) const;

 private:
  BranchDirectory& directory_;
  Database<Store>& database_;
  const Devices& devices_;
};

}  // namespace cartwise::device
