#pragma once

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/branches.grpc.pb.h"
#include "domain/credentials.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// BranchDirectoryService over gRPC, for other services. Thread-safe; lives as
/// long as what it is given.
class BranchDirectoryRpc final : public v1::BranchDirectoryService::Service {
 public:
  BranchDirectoryRpc(rpc::Guard& guard, TenantDatabase& database, Credentials& credentials,
                     const Clock& clock)
      : guard_(guard), database_(database), credentials_(credentials), clock_(clock) {}

  grpc::Status RedeemEnrollmentKey(grpc::ServerContext* ctx,
                                   const v1::RedeemEnrollmentKeyRequest* req,
                                   v1::BranchEntry* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  Credentials& credentials_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
