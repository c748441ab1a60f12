#include "api/sink_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::telemetry {

grpc::Status IngestRpc::Ingest(grpc::ServerContext* ctx, const v1::IngestRequest* request,
                               v1::IngestResponse* out) {
  return guard_.Call(ctx, *request, [&](const Caller& caller) -> absl::Status {
    Origin origin;
    CW_ASSIGN_OR_RETURN(origin.chain, ParseId<ChainId>("chain_id", request->chain_id()));
    CW_ASSIGN_OR_RETURN(origin.device, ParseId<DeviceId>("device_id", request->device_id()));
    if (!request->branch_id().empty()) {
      CW_ASSIGN_OR_RETURN(origin.branch, ParseId<BranchId>("branch_id", request->branch_id()));
    }
    return ingest_.OfDevice(caller, origin, FromProto(request->events()),
                            [&](const Ingested& done) { ToProto(done, *out); });
  });
}

grpc::Status SinkRpc::Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* request,
                              google::protobuf::Empty*) {
  return guard_.Call(ctx, *request, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto events, FromProto(*request));
    return ingest_.Deliver(caller, events);
  });
}

}  // namespace cartwise::telemetry
