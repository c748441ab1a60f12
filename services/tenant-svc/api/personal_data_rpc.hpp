#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/personal_data.grpc.pb.h"
#include "domain/personal_data.hpp"

namespace cartwise::tenant {

/// PersonalDataService over gRPC. Takes no Idempotency-Key: a stored answer
/// would be more to erase. Thread-safe; lives as long as what it is given.
class PersonalDataRpc final : public v1::PersonalDataService::Service {
 public:
  PersonalDataRpc(rpc::Guard& guard, PersonalData& data) : guard_(guard), data_(data) {}

  grpc::Status ExportPersonalData(grpc::ServerContext* ctx,
                                  const v1::ExportPersonalDataRequest* req,
                                  v1::PersonalData* out) override;
  grpc::Status ErasePersonalData(grpc::ServerContext* ctx, const v1::ErasePersonalDataRequest* req,
                                 v1::Erasure* out) override;
  grpc::Status GetErasure(grpc::ServerContext* ctx, const v1::GetErasureRequest* req,
                          v1::Erasure* out) override;
  grpc::Status ExportMyPersonalData(grpc::ServerContext* ctx,
                                    const v1::ExportMyPersonalDataRequest* req,
                                    v1::PersonalData* out) override;
  grpc::Status EraseMyPersonalData(grpc::ServerContext* ctx,
                                   const v1::EraseMyPersonalDataRequest* req,
                                   v1::Erasure* out) override;

 private:
  rpc::Guard& guard_;
  PersonalData& data_;
};

}  // namespace cartwise::tenant
