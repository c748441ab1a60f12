#pragma once

#include <functional>

#include "cartwise/events/v1/event.grpc.pb.h"
#include "cartwise/rpc/guard.hpp"
#include "domain/facts.hpp"

namespace cartwise::rental {

/// EventSinkService: what the other services and the agents tell, taken one by
/// one in their order.
class SinkRpc final : public events::v1::EventSinkService::Service {
 public:
  SinkRpc(rpc::Guard& guard, Facts& facts, std::function<void()> announced)
      : guard_(guard), facts_(facts), announced_(std::move(announced)) {}

  grpc::Status Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                       google::protobuf::Empty* out) override;

 private:
  rpc::Guard& guard_;
  Facts& facts_;
  const std::function<void()> announced_;
};

}  // namespace cartwise::rental
