#include "api/controllers_rpc.hpp"

#include "api/devices_rpc.hpp"
#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::device {

grpc::Status ControllersRpc::ListControllers(grpc::ServerContext* ctx,
                                             const v1::ListControllersRequest* req,
                                             v1::ListControllersResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto device, ParseId<DeviceId>("device_id", req->device_id()));
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 3));
    CW_RETURN_IF_ERROR(devices_.Admit(store, caller, TokenHashOf(ctx->client_metadata())));
    CW_ASSIGN_OR_RETURN(auto list, controllers_.List(store, caller, device, page));
    out->set_next_page_token(CutPage(list, page, [](const Controller& last) {
      return std::vector<std::string>{last.port, std::to_string(last.address), last.id.value()};
    }));
    for (const Controller& controller : list) *out->add_controllers() = ToProto(controller);
    return absl::OkStatus();
  });
}

grpc::Status ControllersRpc::CreateController(grpc::ServerContext* ctx,
                                              const v1::CreateControllerRequest* req,
                                              v1::Controller* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        Controller wanted;
        CW_ASSIGN_OR_RETURN(wanted.device, ParseId<DeviceId>("device_id", req->device_id()));
        if (!req->has_controller_address()) {
          return errors::InvalidField("controller_address", "is required");
        }
        wanted.address = req->controller_address();
        wanted.port = req->port();
        if (req->baudrate() != 0) wanted.baudrate = req->baudrate();
        wanted.invert_hook = req->invert_hook();
        wanted.has_ir = req->has_ir();
        if (req->pulse_ms() != 0) wanted.pulse_ms = req->pulse_ms();
        CW_ASSIGN_OR_RETURN(const Controller made,
                            controllers_.Create(store, caller, std::move(wanted)));
        *out = ToProto(made);
        return absl::OkStatus();
      }));
}

grpc::Status ControllersRpc::GetController(grpc::ServerContext* ctx,
                                           const v1::GetControllerRequest* req,
                                           v1::Controller* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<ControllerId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const Controller controller, controllers_.Get(store, caller, id));
    *out = ToProto(controller);
    return absl::OkStatus();
  });
}

grpc::Status ControllersRpc::UpdateController(grpc::ServerContext* ctx,
                                              const v1::UpdateControllerRequest* req,
                                              v1::Controller* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<ControllerId>("id", req->id()));
        ControllerChange change;
        if (req->has_controller_address()) change.address = req->controller_address();
        if (req->has_port()) change.port = req->port();
        if (req->has_baudrate()) change.baudrate = req->baudrate();
        if (req->has_invert_hook()) change.invert_hook = req->invert_hook();
        if (req->has_has_ir()) change.has_ir = req->has_ir();
        if (req->has_pulse_ms()) change.pulse_ms = req->pulse_ms();
        CW_ASSIGN_OR_RETURN(const Controller controller,
                            controllers_.Update(store, caller, id, change));
        *out = ToProto(controller);
        return absl::OkStatus();
      }));
}

grpc::Status ControllersRpc::DeleteController(grpc::ServerContext* ctx,
                                              const v1::DeleteControllerRequest* req,
                                              google::protobuf::Empty* out) {
  return announced_(guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<ControllerId>("id", req->id()));
        return controllers_.Delete(store, caller, id);
      }));
}

}  // namespace cartwise::device
