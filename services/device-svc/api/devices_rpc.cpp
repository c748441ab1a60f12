#include "api/devices_rpc.hpp"

#include <absl/strings/str_cat.h>

#include "api/translation.hpp"
#include "cartwise/auth/secrets.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/page.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::device {
namespace {

NewDevice FromProto(const v1::RegisterDeviceRequest& req) {
  NewDevice wanted;
  wanted.mac_address = req.mac_address();
  wanted.name = req.device_name();
  wanted.serial_number = req.serial_number();
  wanted.firmware_version = req.firmware_version();
  wanted.transport = req.transport() == v1::Device::MQTT ? Transport::kMqtt : Transport::kStream;
  wanted.branch_code = req.branch_code();
  return wanted;
}

}  // namespace

std::string TokenHashOf(const rpc::CallContext::Metadata& metadata) {
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return "";
  const std::string_view value(found->second.data(), found->second.size());
  const size_t space = value.find(' ');
  return space == value.npos ? "" : auth::Sha256Hex(value.substr(space + 1));
}

grpc::Status DevicesRpc::RegisterDevice(grpc::ServerContext* ctx,
                                        const v1::RegisterDeviceRequest* req,
                                        v1::RegisterDeviceResponse* out) {
  return announced_(parts_.guard.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(
        const Registered known,
        parts_.registration.Register(caller, req->enrollment_key(), FromProto(*req)));
    out->set_device_id(known.device.id.value());
    out->set_device_token(known.token);
    auto& mqtt = *out->mutable_mqtt_config();
    mqtt.set_broker(parts_.answer.mqtt_broker);
    mqtt.set_port(parts_.answer.mqtt_port);
    mqtt.set_topic(absl::StrCat("cartwise/", known.branch.chain_slug, "/", known.branch.branch_code,
                                "/devices/", known.device.id.value()));
    out->set_chain_id(known.branch.chain.value());
    out->set_branch_id(known.branch.branch.value());
    for (const auto& [id, pem] : parts_.answer.order_keys.Pems()) {
      (*out->mutable_order_keys())[id] = pem;
    }
    return absl::OkStatus();
  }));
}

grpc::Status DevicesRpc::SendHeartbeat(grpc::ServerContext* ctx,
                                       const v1::SendHeartbeatRequest* req,
                                       v1::SendHeartbeatResponse* out) {
  return parts_.guard.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    SelfReport report;
    report.token_hash = TokenHashOf(ctx->client_metadata());
    if (req->status() == "error") {
      report.status = Status::kError;
    } else if (!req->status().empty() && req->status() != "online") {
      return errors::InvalidField("status", "must be online or error");
    }
    report.ip_address = req->ip_address();
    report.firmware_version = req->firmware_version();
    CW_RETURN_IF_ERROR(parts_.streams.Beat(caller, report));
    out->set_status("ok");
    *out->mutable_server_time() = ToTimestamp(parts_.clock.Now());
    return absl::OkStatus();
  });
}

grpc::Status DevicesRpc::ListDevices(grpc::ServerContext* ctx, const v1::ListDevicesRequest* req,
                                     v1::ListDevicesResponse* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 2));
        DeviceFilter filter;
        if (!req->branch_id().empty()) {
          CW_ASSIGN_OR_RETURN(filter.branch, ParseId<BranchId>("branch_id", req->branch_id()));
        }
        filter.status = FromProto(req->status());
        filter.include_retired = req->include_retired();
        CW_ASSIGN_OR_RETURN(auto devices,
                            parts_.devices.List(store, caller, std::move(filter), page));
        out->set_next_page_token(CutPage(devices, page, [](const Device& last) {
          return std::vector<std::string>{last.name, last.id.value()};
        }));
        for (const Device& device : devices) *out->add_devices() = ToProto(device);
        return absl::OkStatus();
      });
}

grpc::Status DevicesRpc::GetDevice(grpc::ServerContext* ctx, const v1::GetDeviceRequest* req,
                                   v1::Device* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
        CW_RETURN_IF_ERROR(
            parts_.devices.Admit(store, caller, TokenHashOf(ctx->client_metadata())));
        CW_ASSIGN_OR_RETURN(const Device device, parts_.devices.Get(store, caller, id));
        *out = ToProto(device);
        return absl::OkStatus();
      });
}

grpc::Status DevicesRpc::GetDeviceStatus(grpc::ServerContext* ctx,
                                         const v1::GetDeviceStatusRequest* req,
                                         v1::DevicePresence* out) {
  return parts_.guard.Read(
      ctx, *req, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
        CW_RETURN_IF_ERROR(
            parts_.devices.Admit(store, caller, TokenHashOf(ctx->client_metadata())));
        CW_ASSIGN_OR_RETURN(const Device device, parts_.devices.Get(store, caller, id));
        CW_ASSIGN_OR_RETURN(const bool connected, store.IsConnected(KeyOf(device)));
        out->set_device_id(device.id.value());
        out->set_status(ToProto(device.status));
        out->set_lifecycle(ToProto(device.lifecycle));
        if (device.last_heartbeat) {
          *out->mutable_last_heartbeat() = ToTimestamp(*device.last_heartbeat);
        }
        out->set_connected(connected);
        *out->mutable_status_since() = ToTimestamp(device.status_since);
        return absl::OkStatus();
      });
}

grpc::Status DevicesRpc::UpdateDevice(grpc::ServerContext* ctx, const v1::UpdateDeviceRequest* req,
                                      v1::Device* out) {
  return announced_(parts_.guard.Write(
      ctx, *req, *out, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
        DeviceChange change;
        change.name = If(req->has_device_name(), req->device_name());
        change.serial_number = If(req->has_serial_number(), req->serial_number());
        if (req->has_lifecycle()) {
          change.lifecycle = FromProto(req->lifecycle());
          if (!change.lifecycle) return errors::InvalidField("lifecycle", "is no lifecycle");
        }
        CW_ASSIGN_OR_RETURN(const Device device, parts_.devices.Update(store, caller, id, change));
        *out = ToProto(device);
        return absl::OkStatus();
      }));
}

grpc::Status DevicesRpc::DeleteDevice(grpc::ServerContext* ctx, const v1::DeleteDeviceRequest* req,
                                      google::protobuf::Empty* out) {
  return announced_(parts_.guard.Write(
      ctx, *req, *out, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
        return parts_.devices.Retire(store, caller, id);
      }));
}

grpc::Status DevicesRpc::SetFirmware(grpc::ServerContext* ctx, const v1::SetFirmwareRequest* req,
                                     v1::Device* out) {
  return announced_(parts_.guard.Write(
      ctx, *req, *out, parts_.database, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
        CW_RETURN_IF_ERROR(
            parts_.devices.Admit(store, caller, TokenHashOf(ctx->client_metadata())));
        CW_ASSIGN_OR_RETURN(const Device device,
                            parts_.devices.SetFirmware(store, caller, id, req->firmware_version()));
        *out = ToProto(device);
        return absl::OkStatus();
      }));
}

// Call, not Write: an answer under an Idempotency-Key is stored, and this one
// holds a secret.
grpc::Status DevicesRpc::RotateDeviceToken(grpc::ServerContext* ctx,
                                           const v1::RotateDeviceTokenRequest* req,
                                           v1::RotateDeviceTokenResponse* out) {
  return announced_(parts_.guard.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<DeviceId>("id", req->id()));
    return parts_.database.Write(caller, [&](Store& store) -> absl::Status {
      CW_ASSIGN_OR_RETURN(
          const Enrollment rotated,
          parts_.devices.RotateToken(store, caller, TokenHashOf(ctx->client_metadata()), id));
      out->set_device_id(rotated.device.id.value());
      out->set_device_token(rotated.token);
      return absl::OkStatus();
    });
  }));
}

}  // namespace cartwise::device
