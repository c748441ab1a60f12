#pragma once

#include "api/control_stream.hpp"
#include "api/upload_stream.hpp"
#include "cartwise/rpc/guard.hpp"

namespace cartwise::device {

/// AgentService: admits an agent and starts the reactor of its stream.
class AgentRpc final : public v1::AgentService::WithCallbackMethod_Control<
                           v1::AgentService::WithCallbackMethod_Upload<v1::AgentService::Service>> {
 public:
  AgentRpc(rpc::Guard& guard, const StreamParts& parts,
           const std::shared_ptr<grpc::Channel>& telemetry)
      : guard_(guard),
        parts_(parts),
        telemetry_(telemetry::v1::TelemetryIngestService::NewStub(telemetry)) {}

  grpc::ServerBidiReactor<v1::ControlRequest, v1::ControlResponse>* Control(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>* Upload(
      grpc::CallbackServerContext* context) override;

 private:
  absl::StatusOr<Caller> Admit(grpc::CallbackServerContext* context,
                               const std::string& method) const;

  rpc::Guard& guard_;
  const StreamParts& parts_;
  const std::unique_ptr<UploadStream::Telemetry> telemetry_;
};

}  // namespace cartwise::device
