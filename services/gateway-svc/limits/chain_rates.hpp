#pragma once

#include <memory>
#include <mutex>
#include <string>

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <grpcpp/channel.h>

namespace cartwise::gateway {

/// What the plan of each chain allows per minute, as tenant-svc told it last.
/// Thread-safe.
class ChainRates {
 public:
  explicit ChainRates(std::shared_ptr<grpc::Channel> tenant) : tenant_(std::move(tenant)) {}

  /// That of the largest plan for a chain that is not known yet: whoever pays is
  /// never cut short because tenant-svc was away.
  int Of(const std::string& chain) const;

  /// Asks for all of them. A failure leaves what was known.
  absl::Status Refresh();

 private:
  const std::shared_ptr<grpc::Channel> tenant_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<std::string, int> per_minute_;
};

}  // namespace cartwise::gateway
