#pragma once

#include <functional>

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/announcer.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/chains.grpc.pb.h"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// ChainService over gRPC. `announced` is called after each committed change.
/// Thread-safe; lives as long as what it is given.
class ChainsRpc final : public v1::ChainService::Service {
 public:
  ChainsRpc(rpc::Guard& guard, TenantDatabase& database, const Clock& clock,
            std::function<void()> announced)
      : guard_(guard), database_(database), clock_(clock), announced_(std::move(announced)) {}

  grpc::Status ListChains(grpc::ServerContext* ctx, const v1::ListChainsRequest* req,
                          v1::ListChainsResponse* out) override;
  grpc::Status GetChain(grpc::ServerContext* ctx, const v1::GetChainRequest* req,
                        v1::Chain* out) override;
  grpc::Status CreateChain(grpc::ServerContext* ctx, const v1::CreateChainRequest* req,
                           v1::Chain* out) override;
  grpc::Status UpdateChain(grpc::ServerContext* ctx, const v1::UpdateChainRequest* req,
                           v1::Chain* out) override;
  grpc::Status DeleteChain(grpc::ServerContext* ctx, const v1::DeleteChainRequest* req,
                           google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
  const Clock& clock_;
  const rpc::Announcer announced_;
};

}  // namespace cartwise::tenant
