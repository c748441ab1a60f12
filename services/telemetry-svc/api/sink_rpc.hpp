#pragma once

#include "cartwise/events/v1/event.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/telemetry/v1/telemetry.grpc.pb.h"
#include "domain/ingest.hpp"

namespace cartwise::telemetry {

/// Telemetry from services that speak for devices.
class IngestRpc final : public v1::TelemetryIngestService::Service {
 public:
  IngestRpc(rpc::Guard& guard, const telemetry::Ingest& ingest) : guard_(guard), ingest_(ingest) {}
  grpc::Status Ingest(grpc::ServerContext* ctx, const v1::IngestRequest* request,
                      v1::IngestResponse* out) override;

 private:
  rpc::Guard& guard_;
  const telemetry::Ingest& ingest_;
};

/// The fleet's own events: telemetry keeps all of them.
class SinkRpc final : public events::v1::EventSinkService::Service {
 public:
  SinkRpc(rpc::Guard& guard, const Ingest& ingest) : guard_(guard), ingest_(ingest) {}
  grpc::Status Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* request,
                       google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  const Ingest& ingest_;
};

}  // namespace cartwise::telemetry
