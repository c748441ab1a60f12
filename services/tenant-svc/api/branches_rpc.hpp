#pragma once

#include <functional>

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/announcer.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/branches.grpc.pb.h"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// BranchService over gRPC. `announced` is called after each committed change.
/// Thread-safe; lives as long as what it is given.
class BranchesRpc final : public v1::BranchService::Service {
 public:
  BranchesRpc(rpc::Guard& guard, TenantDatabase& database, const Clock& clock,
              std::function<void()> announced)
      : guard_(guard), database_(database), clock_(clock), announced_(std::move(announced)) {}

  grpc::Status ListBranches(grpc::ServerContext* ctx, const v1::ListBranchesRequest* req,
                            v1::ListBranchesResponse* out) override;
  grpc::Status GetBranch(grpc::ServerContext* ctx, const v1::GetBranchRequest* req,
                         v1::Branch* out) override;
  grpc::Status CreateBranch(grpc::ServerContext* ctx, const v1::CreateBranchRequest* req,
                            v1::Branch* out) override;
  grpc::Status UpdateBranch(grpc::ServerContext* ctx, const v1::UpdateBranchRequest* req,
                            v1::Branch* out) override;
  grpc::Status DeleteBranch(grpc::ServerContext* ctx, const v1::DeleteBranchRequest* req,
                            google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  const Clock& clock_;
  const rpc::Announcer announced_;
};

}  // namespace cartwise::tenant
