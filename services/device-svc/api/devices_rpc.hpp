#pragma once

#include <functional>
#include <string>

#include "api/order_keys.hpp"
#include "cartwise/base/database.hpp"
#include "cartwise/device/v1/devices.grpc.pb.h"
#include "cartwise/rpc/announcer.hpp"
#include "cartwise/rpc/guard.hpp"
#include "domain/registration.hpp"
#include "domain/streams.hpp"

namespace cartwise::device {

/// What the answer to an enrollment says beside the device.
struct EnrollmentAnswer {
  std::string mqtt_broker;
  int mqtt_port = 0;
  const OrderKeys& order_keys;
};

/// DeviceService: translates, nothing else.
class DevicesRpc final : public v1::DeviceService::Service {
 public:
  struct Parts {
    rpc::Guard& guard;
    Database<Store>& database;
    const Devices& devices;
    Streams& streams;
    const Registration& registration;
    const Clock& clock;
    EnrollmentAnswer answer;
    std::function<void()> announced;
  };
  explicit DevicesRpc(Parts parts) : parts_(std::move(parts)), announced_(parts_.announced) {}

  grpc::Status RegisterDevice(grpc::ServerContext* ctx, const v1::RegisterDeviceRequest* req,
                              v1::RegisterDeviceResponse* out) override;
  grpc::Status SendHeartbeat(grpc::ServerContext* ctx, const v1::SendHeartbeatRequest* req,
                             v1::SendHeartbeatResponse* out) override;
  grpc::Status ListDevices(grpc::ServerContext* ctx, const v1::ListDevicesRequest* req,
                           v1::ListDevicesResponse* out) override;
  grpc::Status GetDevice(grpc::ServerContext* ctx, const v1::GetDeviceRequest* req,
                         v1::Device* out) override;
  grpc::Status GetDeviceStatus(grpc::ServerContext* ctx, const v1::GetDeviceStatusRequest* req,
                               v1::DevicePresence* out) override;
  grpc::Status UpdateDevice(grpc::ServerContext* ctx, const v1::UpdateDeviceRequest* req,
                            v1::Device* out) override;
  grpc::Status DeleteDevice(grpc::ServerContext* ctx, const v1::DeleteDeviceRequest* req,
                            google::protobuf::Empty* out) override;
  grpc::Status SetFirmware(grpc::ServerContext* ctx, const v1::SetFirmwareRequest* req,
                           v1::Device* out) override;
  grpc::Status RotateDeviceToken(grpc::ServerContext* ctx, const v1::RotateDeviceTokenRequest* req,
                                 v1::RotateDeviceTokenResponse* out) override;

 private:
  const Parts parts_;
  const rpc::Announcer announced_;
};

/// SHA-256 of the bearer token of a call, hex; empty without one.
std::string TokenHashOf(const rpc::CallContext::Metadata& metadata);

}  // namespace cartwise::device
