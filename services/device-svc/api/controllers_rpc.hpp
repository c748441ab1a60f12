#pragma once

#include <functional>

#include "cartwise/base/database.hpp"
#include "cartwise/device/v1/controllers.grpc.pb.h"
#include "cartwise/rpc/announcer.hpp"
#include "cartwise/rpc/guard.hpp"
#include "domain/controllers.hpp"
#include "domain/devices.hpp"

namespace cartwise::device {

/// ControllerService: translates, nothing else.
class ControllersRpc final : public v1::ControllerService::Service {
 public:
  ControllersRpc(rpc::Guard& guard, Database<Store>& database, const Controllers& controllers,
                 const Devices& devices, std::function<void()> announced)
      : guard_(guard),
        database_(database),
        controllers_(controllers),
        devices_(devices),
        announced_(std::move(announced)) {}

  grpc::Status ListControllers(grpc::ServerContext* ctx, const v1::ListControllersRequest* req,
                               v1::ListControllersResponse* out) override;
  grpc::Status CreateController(grpc::ServerContext* ctx, const v1::CreateControllerRequest* req,
                                v1::Controller* out) override;
  grpc::Status GetController(grpc::ServerContext* ctx, const v1::GetControllerRequest* req,
                             v1::Controller* out) override;
  grpc::Status UpdateController(grpc::ServerContext* ctx, const v1::UpdateControllerRequest* req,
                                v1::Controller* out) override;
  grpc::Status DeleteController(grpc::ServerContext* ctx, const v1::DeleteControllerRequest* req,
                                google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  Database<Store>& database_;
  const Controllers& controllers_;
  const Devices& devices_;
  const rpc::Announcer announced_;
};

}  // namespace cartwise::device
