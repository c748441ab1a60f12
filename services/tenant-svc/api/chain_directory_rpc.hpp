#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/chains.grpc.pb.h"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// ChainDirectoryService over gRPC, for the gateway. Thread-safe; lives as long
/// as what it is given.
class ChainDirectoryRpc final : public v1::ChainDirectoryService::Service {
 public:
  ChainDirectoryRpc(rpc::Guard& guard, TenantDatabase& database)
      : guard_(guard), database_(database) {}

  grpc::Status ListChainRates(grpc::ServerContext* ctx, const v1::ListChainRatesRequest* req,
                              v1::ListChainRatesResponse* out) override;

 private:
  rpc::Guard& guard_;
  TenantDatabase& database_;
};

}  // namespace cartwise::tenant
