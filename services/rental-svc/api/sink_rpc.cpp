#include "api/sink_rpc.hpp"

#include "api/event_facts.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::rental {

grpc::Status SinkRpc::Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                              google::protobuf::Empty*) {
  const grpc::Status status = guard_.Call(ctx, *req, [&](const Caller&) -> absl::Status {
    for (const events::v1::Event& event : req->events()) {
      if (const auto fact = FactIn(event)) CW_RETURN_IF_ERROR(facts_.Take(*fact));
    }
    return absl::OkStatus();
  });
  announced_();
  return status;
}

}  // namespace cartwise::rental
