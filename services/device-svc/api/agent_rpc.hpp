#pragma once

#include "api/control_stream.hpp"
#include "cartwise/rpc/guard.hpp"

namespace cartwise::device {

/// AgentService: admits an agent and starts the reactor of its stream.
class AgentRpc final : public v1::AgentService::WithCallbackMethod_Control<
                           v1::AgentService::WithCallbackMethod_Upload<v1::AgentService::Service>> {
 public:
  AgentRpc(rpc::Guard& guard, const StreamParts& parts) : guard_(guard), parts_(parts) {}

  grpc::ServerBidiReactor<v1::ControlRequest, v1::ControlResponse>* Control(
      grpc::CallbackServerContext* context) override;
  grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>* Upload(
      grpc::CallbackServerContext* context) override;

 private:
  rpc::Guard& guard_;
  const StreamParts& parts_;
};

}  // namespace cartwise::device
