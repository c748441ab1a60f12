#pragma once

#include <memory>
#include <string>

#include "api/control_stream.hpp"
#include "api/upload_stream.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/rpc/stream_call.hpp"

namespace cartwise::device {

/// AgentService: admits an agent and makes the reactor of its stream. Outlives the server.
class AgentStreams {
 public:
  AgentStreams(rpc::Guard& guard, const StreamParts& parts,
               const std::shared_ptr<grpc::Channel>& telemetry)
      : guard_(guard),
        parts_(parts),
        telemetry_(telemetry::v1::TelemetryIngestService::NewStub(telemetry)) {}

  /// For rpc::StreamServer.
  rpc::StreamMethods Methods() const;

 private:
  using Reactor = absl::StatusOr<std::shared_ptr<rpc::StreamReactor>>;

  Reactor Control(const rpc::CallContext& call) const;
  Reactor Upload(const rpc::CallContext& call) const;
  absl::StatusOr<Caller> Admit(const rpc::CallContext& call, const std::string& method) const;

  rpc::Guard& guard_;
  const StreamParts& parts_;
  const std::unique_ptr<UploadStream::Telemetry> telemetry_;
};

}  // namespace cartwise::device
