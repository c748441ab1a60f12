#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "domain/store.hpp"

namespace cartwise::device {

/// Use cases about the boards of a device. Each runs within the caller's
/// transaction; a change is announced and reaches the connected agent after the
/// commit. Thread-safe.
class Controllers {
 public:
  explicit Controllers(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<std::vector<Controller>> List(Store& store, const Caller& caller,
                                               const DeviceId& device,
                                               const PageRequest& page) const;
  absl::StatusOr<Controller> Get(Store& store, const Caller& caller, const ControllerId& id) const;
  /// `wanted` without id, chain and branch.
  absl::StatusOr<Controller> Create(Store& store, const Caller& caller, Controller wanted) const;
  absl::StatusOr<Controller> Update(Store& store, const Caller& caller, const ControllerId& id,
                                    const ControllerChange& change) const;
  absl::Status Delete(Store& store, const Caller& caller, const ControllerId& id) const;

 private:
  absl::Status Changed(Store& store, const Change& change, const Controller& controller,
                       const Device& device) const;

  const Clock& clock_;
};

}  // namespace cartwise::device
