#pragma once

#include <memory>
#include <string>

#include <grpcpp/channel.h>

#include "cartwise/tenant/v1/branches.grpc.pb.h"
#include "domain/registration.hpp"

namespace cartwise::device {

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
