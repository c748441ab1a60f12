#include "api/agent_event.hpp"

#include <algorithm>

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/fields.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::device {
namespace {

bool IsType(const std::string& type) {
  return !type.empty() && type.size() <= 100 && std::all_of(type.begin(), type.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

}  // namespace

absl::StatusOr<events::v1::Event> ToEvent(v1::AgentEvent event, const DeviceKey& device,
                                          const BranchId& branch, const ClockSample& sample,
                                          const std::string& running_epoch, absl::Time now) {
  CW_ASSIGN_OR_RETURN(const auto id, ParseId<EventId>("event_id", event.event_id()));
  errors::FieldErrors faults;
  faults.Require(IsType(event.type()), "type", "must be 1 to 100 characters of a-z 0-9 _ .");
  CheckText(faults, "subject", event.subject(), 0, 200);
  faults.Require(event.payload().ByteSizeLong() <= kMostPayload, "payload",
                 "must be at most 16 KiB");
  CW_RETURN_IF_ERROR(faults.ToStatus());

  events::v1::Event out;
  out.set_id(id.value());
  out.set_chain_id(device.chain.value());
  out.set_branch_id(branch.value());
  out.set_device_id(device.device.value());
  out.set_source("agent");
  out.set_type(std::move(*event.mutable_type()));
  out.set_subject(std::move(*event.mutable_subject()));
  *out.mutable_occurred_at() =
      ToTimestamp(WhenItHappened(sample, running_epoch, event.agent_epoch(), event.boot_clock_ms(),
                                 FromTimestamp(event.occurred_at()), now));
  out.set_sequence(event.journal_seq());
  out.mutable_payload()->Swap(event.mutable_payload());
  return out;
}

}  // namespace cartwise::device
