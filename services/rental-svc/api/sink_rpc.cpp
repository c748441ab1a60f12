#include "api/sink_rpc.hpp"

#include "api/event_facts.hpp"

namespace cartwise::rental {

grpc::Status SinkRpc::Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                              google::protobuf::Empty*) {
  const grpc::Status status = guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    std::vector<Fact> facts;
    for (const events::v1::Event& event : req->events()) {
      if (auto fact = FactIn(event)) facts.push_back(*std::move(fact));
    }
    return facts_.Take(facts, caller.deadline);
  });
  announced_();
  return status;
}

}  // namespace cartwise::rental
