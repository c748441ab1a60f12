#include "domain/staff_commands.hpp"

#include "cartwise/base/refusals.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/devices.hpp"

namespace cartwise::device {

absl::StatusOr<Command> StaffCommands::Execute(const Caller& caller, NewCommand wanted) {
  Caller mine = caller;
  mine.once = nullptr;  // a repeat is told by its command id
  CW_ASSIGN_OR_RETURN(const Begun begun, Begin(mine, wanted));
  CW_ASSIGN_OR_RETURN(Command command, commands_.Execute(mine, wanted));
  if (!IsSame(command, wanted)) return errors::IdempotencyKeyReused();
  if (!begun.repeated && !IsOpen(command.state)) {
    CW_RETURN_IF_ERROR(Announce(mine, command, begun.branch));
  }
  return command;
}

absl::StatusOr<StaffCommands::Begun> StaffCommands::Begin(const Caller& caller,
                                                          NewCommand& wanted) {
  Begun begun;
  CW_RETURN_IF_ERROR(database_.Write(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Device device,
                        FindVisible(store, caller, wanted.device, Role::kInstaller));
    wanted.chain = device.chain;
    CW_RETURN_IF_ERROR(wanted.Check());
    if (ActsOnTheWorld(wanted.kind) && wanted.purpose.empty()) {
      return errors::InvalidField("purpose", "is required: say why");
    }
    CW_ASSIGN_OR_RETURN(const auto known, store.FindCommand(wanted.chain, wanted.id));
    begun = {device.branch, known.has_value()};
    // Before it is sent: what a person opens is in the audit log whatever happens next.
    return known ? absl::OkStatus() : store.AnnounceRequested(caller, wanted, device.branch);
  }));
  return begun;
}

bool StaffCommands::IsSame(const Command& stored, const NewCommand& wanted) const {
  return stored.device == wanted.device && stored.kind == wanted.kind && stored.ttl == wanted.ttl &&
         stored.purpose == wanted.purpose && same_json_(stored.arguments, wanted.arguments);
}

// It has happened, however late it is for the caller.
absl::Status StaffCommands::Announce(Caller caller, const Command& command,
                                     const BranchId& branch) {
  caller.deadline = clock_.Now() + absl::Seconds(3);
  return database_.Write(caller,
                         [&](Store& store) { return store.AnnounceSettled(command, branch); });
}

}  // namespace cartwise::device
