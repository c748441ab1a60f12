#include "api/agent_rpc.hpp"

#include "api/devices_rpc.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {
namespace {

// A stream that is refused before it begins.
template <typename Request, typename Response>
class Refused final : public grpc::ServerBidiReactor<Request, Response> {
 public:
  explicit Refused(const absl::Status& why) { this->Finish(rpc::ToGrpc(why)); }
  void OnDone() override { delete this; }
};

}  // namespace

absl::StatusOr<Caller> AgentRpc::Admit(grpc::CallbackServerContext* context,
                                       const std::string& method) const {
  if (parts_.registry.closed()) return absl::UnavailableError("this process ends");
  return guard_.AdmitStream(rpc::GrpcCallContext(*context), "cartwise.device.v1.AgentService." + method);
}

grpc::ServerBidiReactor<v1::ControlRequest, v1::ControlResponse>* AgentRpc::Control(
    grpc::CallbackServerContext* context) {
  auto caller = Admit(context, "Control");
  if (!caller.ok()) {
    return new Refused<v1::ControlRequest, v1::ControlResponse>(caller.status());
  }
  return ControlStream::Start(context, *std::move(caller), TokenHashOf(context->client_metadata()), parts_);
}

grpc::ServerBidiReactor<v1::UploadRequest, v1::UploadResponse>* AgentRpc::Upload(
    grpc::CallbackServerContext* context) {
  auto caller = Admit(context, "Upload");
  if (!caller.ok()) return new Refused<v1::UploadRequest, v1::UploadResponse>(caller.status());
  return UploadStream::Start(*std::move(caller), TokenHashOf(context->client_metadata()), parts_, *telemetry_);
}

}  // namespace cartwise::device
