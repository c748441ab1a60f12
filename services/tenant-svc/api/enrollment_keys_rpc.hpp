#pragma once

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/enrollment_keys.grpc.pb.h"
#include "domain/credentials.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// EnrollmentKeyService over gRPC. Thread-safe; lives as long as what it is given.
class EnrollmentKeysRpc final : public v1::EnrollmentKeyService::Service {
 public:
  EnrollmentKeysRpc(rpc::Guard& guard, TenantDatabase& database, Credentials& credentials,
                    const Clock& clock)
      : guard_(guard), database_(database), credentials_(credentials), clock_(clock) {}

  grpc::Status ListEnrollmentKeys(grpc::ServerContext* ctx,
                                  const v1::ListEnrollmentKeysRequest* req,
                                  v1::ListEnrollmentKeysResponse* out) override;
  grpc::Status CreateEnrollmentKey(grpc::ServerContext* ctx,
                                   const v1::CreateEnrollmentKeyRequest* req,
                                   v1::EnrollmentKey* out) override;
  grpc::Status RevokeEnrollmentKey(grpc::ServerContext* ctx,
                                   const v1::RevokeEnrollmentKeyRequest* req,
                                   google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  Credentials& credentials_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
