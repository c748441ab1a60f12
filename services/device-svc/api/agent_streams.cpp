#include "api/agent_streams.hpp"

#include <utility>

#include "api/devices_rpc.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::device {

rpc::StreamMethods AgentStreams::Methods() const {
  return {{"/cartwise.device.v1.AgentService/Control",
           [this](const rpc::CallContext& call) { return Control(call); }},
          {"/cartwise.device.v1.AgentService/Upload",
           [this](const rpc::CallContext& call) { return Upload(call); }}};
}

absl::StatusOr<Caller> AgentStreams::Admit(const rpc::CallContext& call,
                                           const std::string& method) const {
  if (parts_.registry.closed()) return absl::UnavailableError("this process ends");
  return guard_.AdmitStream(call, "cartwise.device.v1.AgentService." + method);
}

AgentStreams::Reactor AgentStreams::Control(const rpc::CallContext& call) const {
  CW_ASSIGN_OR_RETURN(Caller caller, Admit(call, "Control"));
  return std::make_shared<ControlStream>(std::move(caller), TokenHashOf(call.metadata()), parts_);
}

AgentStreams::Reactor AgentStreams::Upload(const rpc::CallContext& call) const {
  CW_ASSIGN_OR_RETURN(Caller caller, Admit(call, "Upload"));
  return std::make_shared<UploadStream>(std::move(caller), TokenHashOf(call.metadata()), parts_,
                                        *telemetry_);
}

}  // namespace cartwise::device
