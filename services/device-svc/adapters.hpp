#pragma once

#include <memory>

#include <grpcpp/channel.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/tenant/v1/branches.grpc.pb.h"
#include "domain/devices.hpp"
#include "domain/watch.hpp"

namespace cartwise::device {

/// Device tokens as signed JWTs.
class SignedTokens final : public Tokens {
 public:
  SignedTokens(auth::SigningKeySource keys, const Clock& clock)
      : keys_(std::move(keys)), clock_(clock) {}
  IssuedToken Issue(const DeviceKey& device) override;

 private:
  const auth::SigningKeySource keys_;
  const Clock& clock_;
};

/// The operator's logs and metrics.
class ObsWatch final : public Watch {
 public:
  explicit ObsWatch(obs::Metrics& metrics);
  void Note(std::string_view what, const DeviceId& device, std::string_view detail) override;
  void Worry(std::string_view what, const DeviceId& device, std::string_view detail) override;
  void Connected(int agents) override;
  void Ended(CommandState state) override;

 private:
  obs::Metrics& metrics_;
};

/// The branch directory of tenant-svc.
class TenantDirectory final : public BranchDirectory {
 public:
  explicit TenantDirectory(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(tenant::v1::BranchDirectoryService::NewStub(channel)) {}
  absl::StatusOr<EnrolledBranch> Redeem(const std::string& key, const std::string& mac,
                                        const Caller& caller) override;

 private:
  const std::unique_ptr<tenant::v1::BranchDirectoryService::Stub> stub_;
};

}  // namespace cartwise::device
