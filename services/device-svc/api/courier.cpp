#include "api/courier.hpp"

#include <absl/time/clock.h>

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {

absl::Status Courier::Deliver(const std::vector<Event>& events) const {
  for (const outbox::Sink& sink : sinks_) CW_RETURN_IF_ERROR(sink.deliver(events));
  return absl::OkStatus();
}

absl::Status Courier::Upload(const Device& device, const v1::UploadRequest& batch) const {
  telemetry::v1::IngestRequest request;
  request.set_chain_id(device.chain.value());
  request.set_branch_id(device.branch.value());
  request.set_device_id(device.id.value());
  for (const auto& event : batch.events()) {
    auto& out = *request.add_events();
    out.set_event_id(event.event_id());
    out.set_event_type(event.event_type());
    *out.mutable_event_data() = event.event_data();
    if (event.has_occurred_at()) *out.mutable_occurred_at() = event.occurred_at();
  }
  grpc::ClientContext context;
  rpc::Prepare(context, absl::Now() + absl::Seconds(10), "");
  telemetry::v1::IngestResponse answer;
  return rpc::FromGrpc(telemetry_->Ingest(&context, request, &answer));
}

absl::StatusOr<Event> ToEvent(const v1::AgentEvent& event, const Device& device,
                              const ClockSample& sample, const std::string& epoch, absl::Time now) {
  Event out;
  CW_ASSIGN_OR_RETURN(out.id, ParseId<EventId>("event_id", event.event_id()));
  if (event.type().empty() || event.type().size() > 100) {
    return errors::InvalidField("type", "must have 1 to 100 characters");
  }
  out.chain = device.chain;
  out.branch = device.branch;
  out.device = device.id;
  out.source = "agent";
  out.type = event.type();
  out.subject = event.subject();
  out.sequence = event.journal_seq();
  out.occurred_at = WhenItHappened(sample, epoch, event.agent_epoch(), event.boot_clock_ms(),
                                   FromTimestamp(event.occurred_at()), now);
  out.payload = ToJson(event.payload());
  return out;
}

}  // namespace cartwise::device
