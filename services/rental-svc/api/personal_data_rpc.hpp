#pragma once

#include "cartwise/privacy/v1/holder.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "domain/personal_data.hpp"

namespace cartwise::rental {

/// PersonalDataHolderService: translates, nothing else.
class PersonalDataRpc final : public privacy::v1::PersonalDataHolderService::Service {
 public:
  PersonalDataRpc(rpc::Guard& guard, const PersonalData& people) : guard_(guard), people_(people) {}

  grpc::Status Export(grpc::ServerContext* ctx, const privacy::v1::ExportRequest* req,
                      privacy::v1::ExportResponse* out) override;
  grpc::Status Erase(grpc::ServerContext* ctx, const privacy::v1::EraseRequest* req,
                     privacy::v1::EraseResponse* out) override;

 private:
  rpc::Guard& guard_;
  const PersonalData& people_;
};

}  // namespace cartwise::rental
