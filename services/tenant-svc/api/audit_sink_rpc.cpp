#include "api/audit_sink_rpc.hpp"

#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/sink.hpp"

namespace cartwise::tenant {

grpc::Status AuditSinkRpc::Deliver(grpc::ServerContext* ctx, const events::v1::DeliverRequest* req,
                                   google::protobuf::Empty*) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    std::vector<Event> events;
    for (const events::v1::Event& told : req->events()) {
      CW_ASSIGN_OR_RETURN(Event event, outbox::FromProto(told));
      // Whose word it is says the certificate, not the sender.
      event.source = caller.subject;
      events.push_back(std::move(event));
    }
    return Record(database_, events, clock_.Now(), caller.deadline, digest_);
  });
}

}  // namespace cartwise::tenant
