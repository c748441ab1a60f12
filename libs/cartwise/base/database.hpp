#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "cartwise/base/caller.hpp"

namespace cartwise {

/// The port behind which a service's domain keeps its data. `Store` is the
/// service's abstract class of everything that can be asked and written within
/// one transaction. Thread-safe.
template <typename Store>
class Database {
 public:
  using StoreType = Store;

  virtual ~Database() = default;

  /// Runs `work` in one transaction that sees the caller's tenant only (every
  /// tenant for services and platform admins), once per Idempotency-Key of the
  /// caller. OK commits, anything else rolls back.
  virtual absl::Status Write(const Caller& caller,
                             absl::FunctionRef<absl::Status(Store&)> work) = 0;
  /// The same for work that only reads.
  virtual absl::Status Read(const Caller& caller, absl::FunctionRef<absl::Status(Store&)> work) = 0;
};

}  // namespace cartwise
