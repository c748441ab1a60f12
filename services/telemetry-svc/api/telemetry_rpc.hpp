#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"
#include "domain/ingest.hpp"
#include "domain/listing.hpp"

namespace cartwise::telemetry {

class TelemetryRpc final : public v1::TelemetryService::Service {
 public:
  TelemetryRpc(rpc::Guard& guard, const Ingest& ingest, const Listing& listing)
      : guard_(guard), ingest_(ingest), listing_(listing) {}

  grpc::Status IngestTelemetry(grpc::ServerContext* ctx, const v1::IngestTelemetryRequest* request,
                               v1::IngestTelemetryResponse* out) override;
  grpc::Status ListDeviceTelemetry(grpc::ServerContext* ctx,
                                   const v1::ListDeviceTelemetryRequest* request,
                                   v1::ListDeviceTelemetryResponse* out) override;
  grpc::Status ListBranchTelemetry(grpc::ServerContext* ctx,
                                   const v1::ListBranchTelemetryRequest* request,
                                   v1::ListBranchTelemetryResponse* out) override;
  grpc::Status ListChainTelemetry(grpc::ServerContext* ctx,
                                  const v1::ListChainTelemetryRequest* request,
                                  v1::ListChainTelemetryResponse* out) override;

 private:
  rpc::Guard& guard_;
  const Ingest& ingest_;
  const Listing& listing_;
};

}  // namespace cartwise::telemetry
