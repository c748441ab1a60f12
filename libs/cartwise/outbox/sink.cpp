#include "cartwise/outbox/sink.hpp"

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/events/v1/event.grpc.pb.h"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/struct_json.hpp"
#include "cartwise/rpc/values.hpp"

namespace cartwise::outbox {
namespace pb = google::protobuf;

events::v1::Event ToProto(const Event& event) {
  events::v1::Event out;
  out.set_id(event.id.value());
  out.set_chain_id(event.chain.value());
  out.set_branch_id(event.branch.value());
  out.set_device_id(event.device.value());
  out.set_source(event.source);
  out.set_type(event.type);
  out.set_subject(event.subject);
  *out.mutable_occurred_at() = rpc::ToTimestamp(event.occurred_at);
  out.set_sequence(event.sequence);
  out.set_trace_id(event.trace_id);
  if (event.audit) {
    events::v1::Audit& audit = *out.mutable_audit();
    audit.set_actor(event.audit->actor);
    audit.set_role(event.audit->role);
    audit.set_reason(event.audit->reason);
    audit.set_address(event.audit->address);
  }
  // The payload comes from our own tables and was JSON when it went in.
  if (auto payload = rpc::ToStruct(event.payload)) *out.mutable_payload() = *std::move(payload);
  return out;
}

absl::StatusOr<Event> FromProto(const events::v1::Event& event) {
  Event out;
  CW_ASSIGN_OR_RETURN(out.id, ParseId<EventId>("id", event.id()));
  CW_ASSIGN_OR_RETURN(out.chain, ParseId<ChainId>("chain_id", event.chain_id()));
  CW_ASSIGN_OR_RETURN(out.branch, ParseOptionalId<BranchId>("branch_id", event.branch_id()));
  CW_ASSIGN_OR_RETURN(out.device, ParseOptionalId<DeviceId>("device_id", event.device_id()));
  if (event.type().empty()) return errors::InvalidField("type", "is required");
  if (!event.has_occurred_at()) return errors::InvalidField("occurred_at", "is required");
  out.source = event.source();
  out.type = event.type();
  out.subject = event.subject();
  out.occurred_at = rpc::FromTimestamp(event.occurred_at());
  out.sequence = event.sequence();
  out.trace_id = event.trace_id();
  if (event.has_audit()) {
    const events::v1::Audit& audit = event.audit();
    out.audit = Audit{audit.actor(), audit.role(), audit.reason(), audit.address()};
  }
  if (event.has_payload()) {
    // What cannot be said exactly is said nearly: an event that nobody takes holds up all after it.
    bool exact = true;
    out.payload = rpc::ToJson(event.payload(), exact);
  }
  return out;
}

Sink RemoteSink(std::string name, std::shared_ptr<grpc::Channel> channel, absl::Duration gather) {
  std::shared_ptr<events::v1::EventSinkService::Stub> stub =
      events::v1::EventSinkService::NewStub(channel);
  return Sink{std::move(name),
              [stub](const std::vector<Event>& events) {
                events::v1::DeliverRequest request;
                for (const Event& event : events) *request.add_events() = ToProto(event);
                grpc::ClientContext context;
                rpc::Prepare(context, absl::Now() + absl::Seconds(10),
                             events.empty() ? "" : events.front().trace_id);
                pb::Empty answer;
                return rpc::FromGrpc(stub->Deliver(&context, request, &answer));
              },
              gather, Takes::kEverything};
}

Sink AuditSink(std::shared_ptr<grpc::Channel> tenant_svc) {
  Sink sink = RemoteSink("tenant-svc", std::move(tenant_svc), kForTheRecord);
  sink.takes = Takes::kAudited;
  return sink;
}

}  // namespace cartwise::outbox
