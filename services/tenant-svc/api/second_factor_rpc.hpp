#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/second_factor.grpc.pb.h"
#include "domain/second_factors.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// SecondFactorService over gRPC. Thread-safe; lives as long as what it is given.
class SecondFactorRpc final : public v1::SecondFactorService::Service {
 public:
  SecondFactorRpc(rpc::Guard& guard, SecondFactors& factors, TenantDatabase& database,
                  const Clock& clock)
      : guard_(guard), factors_(factors), database_(database), clock_(clock) {}

  grpc::Status BeginSecondFactor(grpc::ServerContext* ctx, const v1::BeginSecondFactorRequest* req,
                                 v1::SecondFactorSetup* out) override;
  grpc::Status ConfirmSecondFactor(grpc::ServerContext* ctx,
                                   const v1::ConfirmSecondFactorRequest* req,
                                   v1::RecoveryCodes* out) override;
  grpc::Status RemoveSecondFactor(grpc::ServerContext* ctx,
                                  const v1::RemoveSecondFactorRequest* req,
                                  google::protobuf::Empty* out) override;
  grpc::Status RemoveUserSecondFactor(grpc::ServerContext* ctx,
                                      const v1::RemoveUserSecondFactorRequest* req,
                                      google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  SecondFactors& factors_;
  TenantDatabase& database_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
