#include "api/telemetry_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::telemetry {

grpc::Status TelemetryRpc::IngestTelemetry(grpc::ServerContext* ctx,
                                           const v1::IngestTelemetryRequest* request,
                                           v1::IngestTelemetryResponse* out) {
  return guard_.CallOnce(ctx, *request, *out, [&](const Caller& caller) -> absl::Status {
    const Origin origin{caller.chain, BranchId(), DeviceId(caller.subject)};
    return ingest_.OfDevice(caller, origin, FromProto(request->events()),
                            [&](const Ingested& done) { ToProto(done, *out); });
  });
}

grpc::Status TelemetryRpc::ListDeviceTelemetry(grpc::ServerContext* ctx,
                                               const v1::ListDeviceTelemetryRequest* request,
                                               v1::ListDeviceTelemetryResponse* out) {
  return guard_.Call(ctx, *request, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto device, ParseId<DeviceId>("device_id", request->device_id()));
    CW_ASSIGN_OR_RETURN(const auto filter, FilterOf(*request));
    CW_ASSIGN_OR_RETURN(const auto page, listing_.OfDevice(caller, device, filter));
    ToProto(page, *out);
    return absl::OkStatus();
  });
}

grpc::Status TelemetryRpc::ListBranchTelemetry(grpc::ServerContext* ctx,
                                               const v1::ListBranchTelemetryRequest* request,
                                               v1::ListBranchTelemetryResponse* out) {
  return guard_.Call(ctx, *request, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto branch, ParseId<BranchId>("branch_id", request->branch_id()));
    CW_ASSIGN_OR_RETURN(const auto filter, FilterOf(*request));
    CW_ASSIGN_OR_RETURN(const auto page, listing_.OfBranch(caller, branch, filter));
    ToProto(page, *out);
    return absl::OkStatus();
  });
}

grpc::Status TelemetryRpc::ListChainTelemetry(grpc::ServerContext* ctx,
                                              const v1::ListChainTelemetryRequest* request,
                                              v1::ListChainTelemetryResponse* out) {
  return guard_.Call(ctx, *request, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto chain, ParseId<ChainId>("chain_id", request->chain_id()));
    CW_ASSIGN_OR_RETURN(const auto filter, FilterOf(*request));
    CW_ASSIGN_OR_RETURN(const auto page, listing_.OfChain(caller, chain, filter));
    ToProto(page, *out);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::telemetry
