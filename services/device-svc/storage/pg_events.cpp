#include <absl/time/clock.h>

#include "cartwise/base/event.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/outbox/outbox.hpp"
#include "storage/event_json.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::device {
namespace {

constexpr char kSchema[] = "device";

Event NewEvent(const Change& change, const ChainId& chain, const BranchId& branch,
               const DeviceId& device, const std::string& subject, absl::Time at) {
  Event event;
  event.id = EventId::New();
  event.chain = chain;
  event.branch = branch;
  event.device = device;
  event.type = change.type;
  event.audit = change.audit;
  event.trace_id = change.trace_id;
  event.subject = subject;
  event.occurred_at = at;
  return event;
}

}  // namespace

absl::Status PgStore::Announce(const Change& change, const Device& device) {
  CW_ASSIGN_OR_RETURN(const auto controllers, ControllersOf(KeyOf(device)));
  std::vector<ControllerId> ids;
  for (const Controller& controller : controllers) ids.push_back(controller.id);
  Event event = NewEvent(change, device.chain, device.branch, device.id, device.id.value(),
                         device.updated_at);
  event.payload = JsonOf(device, ids);
  return outbox::Append(tx_, kSchema, event);
}

absl::Status PgStore::Announce(const Change& change, const Controller& controller,
                               bool device_online) {
  Event event = NewEvent(change, controller.chain, controller.branch, controller.device,
                         controller.id.value(), controller.updated_at);
  event.payload = JsonOf(controller, device_online);
  return outbox::Append(tx_, kSchema, event);
}

absl::Status PgStore::AnnounceRequested(const Caller& caller, const NewCommand& command,
                                        const BranchId& branch) {
  const std::string why =
      command.purpose.empty() ? command.kind : command.kind + ": " + command.purpose;
  Event event = NewEvent(ChangeBy(caller, "command.requested", why), command.chain, branch,
                         command.device, command.id.value(), absl::Now());
  event.payload = JsonOf(command);
  return outbox::Append(tx_, kSchema, event);
}

absl::Status PgStore::AnnounceSettled(const Command& command, const BranchId& branch) {
  std::string outcome(NameOf(command.state));
  if (!command.reason.empty()) outcome += ": " + command.reason;
  const Change change{"command.settled", Audit{command.requested_by, "", outcome, ""}, ""};
  Event event = NewEvent(change, command.chain, branch, command.device, command.id.value(),
                         command.settled_at.value_or(command.issued_at));
  event.payload = JsonOf(command);
  return outbox::Append(tx_, kSchema, event);
}

}  // namespace cartwise::device
