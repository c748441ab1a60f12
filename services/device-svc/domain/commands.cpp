#include "domain/commands.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/reasons.hpp"

namespace cartwise::device {
namespace {

// Writes that must happen although the caller's time is up.
constexpr absl::Duration kOwnTime = absl::Seconds(3);
// What waits longer before it is written is too old for the process that would send it.
constexpr absl::Duration kHandOverWait = absl::Seconds(1);

Command FromNew(const NewCommand& wanted) {
  Command command;
  command.id = wanted.id;
  command.chain = wanted.chain;
  command.device = wanted.device;
  command.kind = wanted.kind;
  command.arguments = wanted.arguments;
  command.ttl = wanted.ttl;
  command.requested_by = wanted.requested_by;
  command.purpose = wanted.purpose;
  return command;
}

DeviceKey KeyOf(const NewCommand& wanted) {
  return {wanted.chain, wanted.device};
}

Command With(Command command, const Outcome& outcome, absl::Time now) {
  command.state = outcome.state;
  command.reason = outcome.reason;
  command.result = outcome.seen;
  command.attempts = outcome.attempts;
  command.settled_at = now;
  return command;
}

Caller WithTime(Caller caller, absl::Time deadline) {
  caller.deadline = deadline;
  caller.once = nullptr;
  return caller;
}

Order OrderOf(const Link& link, const Command& command, absl::Duration accepted_at) {
  return {.command = command.id,
          .device = {command.chain, command.device},
          .agent_epoch = command.agent_epoch,
          .seq = command.seq.value_or(0),
          .not_after_ms = NotAfterMs(link.clock_sample(), accepted_at, command.ttl),
          .kind = command.kind,
          .arguments = command.arguments};
}

// A command that may be committed under a number that was never sent: only a new stream can tell
// the agent's side of it.
bool IsLost(const absl::Status& numbering) {
  return errors::Reason(numbering) == "OUTCOME_UNKNOWN";
}

}  // namespace

Commands::Commands(Parts parts, Times times)
    : log_(parts.log),
      database_(parts.database),
      links_(parts.links),
      clock_(parts.clock),
      self_(std::move(parts.self)),
      announced_(std::move(parts.announced)),
      times_(times) {}

absl::StatusOr<Command> Commands::Execute(const Caller& caller, const NewCommand& wanted,
                                          TellWhen tell, Proving proving) {
  const absl::Duration accepted_at = clock_.SinceBoot();
  const auto link = links_.Find(wanted.device);
  if (link && link->chain() == wanted.chain) {
    return ExecuteHere(caller, wanted, tell, *link, accepted_at, proving);
  }
  return ExecuteElsewhere(caller, wanted, tell, accepted_at, proving);
}

absl::StatusOr<Command> Commands::ExecuteHere(const Caller& caller, const NewCommand& wanted,
                                              TellWhen tell, Link& link, absl::Duration accepted_at,
                                              Proving proving) {
  // Expected before it is sent: the outcome may be faster than this thread.
  auto ticket = waiters_.Expect(wanted.id, KeyOf(wanted), tell);
  CW_ASSIGN_OR_RETURN(auto command, SendHere(caller, wanted, link, accepted_at));
  if (!command) return Existing(caller, wanted, reasons::DeviceOffline());
  if (command->state != CommandState::kSent) return *std::move(command);
  return Await(caller, ticket, *std::move(command), accepted_at + wanted.ttl + times_.allowance,
               false, proving);
}

// Empty when the id is known already, or the stream does not count any more.
absl::StatusOr<std::optional<Command>> Commands::SendHere(const Caller& caller,
                                                          const NewCommand& wanted, Link& link,
                                                          absl::Duration accepted_at) {
  std::unique_lock turn(link.turn(), absl::ToChronoMilliseconds(wanted.ttl));
  if (!turn) {
    return errors::Refuse(absl::StatusCode::kUnavailable, "DEVICE_BUSY",
                          "too many commands for this device; nothing was sent");
  }
  const absl::Time deadline = std::min(caller.deadline, clock_.Now() + wanted.ttl);
  Command command = FromNew(wanted);
  command.stream = link.stream();
  command.agent_epoch = link.agent_epoch();
  const auto sign = [&] { link.Prepare(OrderOf(link, command, accepted_at)); };
  auto begun = log_.Begin(wanted, link.stream(), deadline, sign);
  if (IsLost(begun.status())) link.Drop("a commit was lost");
  if (!begun.ok()) return begun.status();
  if (!*begun) return std::nullopt;
  command.issued_at = (*begun)->issued_at;
  command.seq = (*begun)->seq;
  if (SendOn(link, command, accepted_at)) return command;

  const Outcome never{CommandState::kDropped, "NEVER_SENT"};
  const auto settled = log_.SettleForWaiter({command.chain, command.device}, command.id, never,
                                            clock_.Now() + kOwnTime);
  if (!settled.ok()) link.Drop("a number was lost");
  return With(std::move(command), never, clock_.Now());
}

bool Commands::SendOn(Link& link, const Command& command, absl::Duration accepted_at) const {
  if (clock_.SinceBoot() > accepted_at + command.ttl) return false;
  return link.Send(OrderOf(link, command, accepted_at));
}

absl::StatusOr<Command> Commands::ExecuteElsewhere(const Caller& caller, const NewCommand& wanted,
                                                   TellWhen tell, absl::Duration accepted_at,
                                                   Proving proving) {
  const absl::Time deadline = std::min(caller.deadline, clock_.Now() + wanted.ttl);
  CW_ASSIGN_OR_RETURN(const auto known, log_.Find(wanted.chain, wanted.id, deadline));
  if (known) return Existing(caller, wanted, reasons::DeviceOffline());
  CW_ASSIGN_OR_RETURN(const Route route, log_.FindRoute({wanted.chain, wanted.device}, deadline));
  if (!route.device) return reasons::DeviceNotFound();
  if (route.device->lifecycle == Lifecycle::kQuarantined) return reasons::DeviceQuarantined();
  if (route.stream.empty()) return reasons::DeviceOffline();
  if (route.replica == self_) {
    const auto link = AwaitLink(wanted.device);
    if (!link) return reasons::DeviceOffline();
    return ExecuteHere(caller, wanted, tell, *link, accepted_at, proving);
  }

  auto ticket = waiters_.Expect(wanted.id, KeyOf(wanted), TellWhen::kCommitted);
  const absl::Duration age = clock_.SinceBoot() - accepted_at;
  CW_ASSIGN_OR_RETURN(const bool handed,
                      log_.HandOver(wanted, route.stream, self_, route.replica, age,
                                    std::min(deadline, clock_.Now() + kHandOverWait)));
  if (!handed) return Existing(caller, wanted, reasons::DeviceOffline());
  Command command = FromNew(wanted);
  command.issued_at = clock_.Now();
  command.stream = route.stream;
  return Await(caller, ticket, std::move(command), accepted_at + wanted.ttl + times_.allowance,
               true);
}

// A stream of our own that is in the table and not in the registry: it is just
// opening, or over.
std::shared_ptr<Link> Commands::AwaitLink(const DeviceId& device) const {
  for (int i = 0; i < 10; ++i) {
    if (auto link = links_.Find(device)) return link;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return nullptr;
}

// The command as it stands, waiting for it while it is under way.
absl::StatusOr<Command> Commands::Existing(const Caller& caller, const NewCommand& wanted,
                                           absl::Status otherwise) {
  auto ticket = waiters_.Expect(wanted.id, KeyOf(wanted), TellWhen::kCommitted);
  const absl::Time deadline = std::min(caller.deadline, clock_.Now() + kOwnTime);
  CW_ASSIGN_OR_RETURN(auto command, log_.Find(wanted.chain, wanted.id, deadline));
  if (!command) return otherwise;
  if (command->state != CommandState::kSent) return *std::move(command);
  const absl::Duration left = command->issued_at + command->ttl + times_.allowance - clock_.Now();
  return Await(caller, ticket, *std::move(command), clock_.SinceBoot() + left, true);
}

absl::StatusOr<Command> Commands::Await(const Caller& caller, Waiters::Ticket& ticket,
                                        Command command, absl::Duration until, bool look,
                                        Proving proving) {
  while (true) {
    const absl::Duration left =
        std::min(until - clock_.SinceBoot(), caller.deadline - clock_.Now());
    if (left <= absl::ZeroDuration()) return Silence(caller, std::move(command));
    if (const auto outcome =
            ticket.Wait(look ? std::min(left, times_.look) : left, [&] { proving(command); })) {
      return With(std::move(command), *outcome, clock_.Now());
    }
    if (!look) return Silence(caller, std::move(command));
    const auto stored = log_.Find(command.chain, command.id, clock_.Now() + kOwnTime);
    if (stored.ok() && *stored && (*stored)->state != CommandState::kSent) return **stored;
  }
}

// The time is up: UNKNOWN, unless it was never sent or its outcome was committed at the last
// moment.
absl::StatusOr<Command> Commands::Silence(const Caller& caller, Command command) {
  const Outcome unknown{CommandState::kUnknown, "NO_WORD"};
  const absl::Time deadline = clock_.Now() + kOwnTime;
  CW_ASSIGN_OR_RETURN(const bool is_unknown,
                      log_.GiveUp(command.chain, command.id, unknown.reason, deadline));
  if (is_unknown) return With(std::move(command), unknown, clock_.Now());
  CW_ASSIGN_OR_RETURN(auto stored, log_.Find(command.chain, command.id, deadline));
  if (!stored) return absl::InternalError("a command is gone");
  if (!IsOpen(stored->state) && caller.deadline <= clock_.Now()) {
    // Committed for a waiter who does not hear it any more: announced instead.
    CW_RETURN_IF_ERROR(database_.Write(
        WithTime(Caller::Service("device-svc"), deadline), [&](Store& store) -> absl::Status {
          CW_ASSIGN_OR_RETURN(const auto device, store.FindDevice(stored->device));
          return store.AnnounceSettled(*stored, device ? device->branch : BranchId());
        }));
    announced_();
  }
  return *std::move(stored);
}

absl::StatusOr<Command> Commands::LookUp(const Caller& caller, const ChainId& chain,
                                         const CommandId& id) {
  std::optional<Command> found;
  CW_RETURN_IF_ERROR(database_.Write(caller, [&](Store& store) -> absl::Status {
    CW_ASSIGN_OR_RETURN(found, store.FindCommand(chain, id));
    if (found) return absl::OkStatus();
    CW_RETURN_IF_ERROR(store.InsertTombstone(chain, id, caller.Label()));
    // An Execute may have won meanwhile; then this is its command.
    CW_ASSIGN_OR_RETURN(found, store.FindCommand(chain, id));
    return absl::OkStatus();
  }));
  if (!found || found->IsTombstone()) return reasons::CommandNotFound();
  const absl::Duration late = clock_.Now() - found->issued_at - found->ttl - times_.allowance;
  if (found->state == CommandState::kSent && late > absl::ZeroDuration() &&
      !waiters_.Expected(id)) {
    return Silence(caller, *std::move(found));
  }
  return *std::move(found);
}

void Commands::HearProving(const Caller& device, const CommandId& id) {
  waiters_.SayProving(id, {device.chain, DeviceId(device.subject)});
}

bool Commands::Hear(const Caller& device, const CommandId& id, const Outcome& outcome) {
  return waiters_.Say(id, {device.chain, DeviceId(device.subject)}, outcome);
}

absl::StatusOr<Reported> Commands::Report(const Caller& device, const CommandId& id,
                                          const Outcome& outcome, bool heard) {
  const DeviceKey key{device.chain, DeviceId(device.subject)};
  if (heard || waiters_.Expected(id)) {
    CW_ASSIGN_OR_RETURN(const bool settled,
                        log_.SettleForWaiter(key, id, outcome, clock_.Now() + kOwnTime));
    if (settled) {
      waiters_.Deliver(id, outcome);
      return Reported::kWritten;
    }
  }
  return SettleAndTell(device, key, id, outcome, true);
}

absl::StatusOr<Reported> Commands::SettleAndTell(const Caller& caller, const DeviceKey& device,
                                                 const CommandId& id, const Outcome& outcome,
                                                 bool by_agent) {
  Reported reported = Reported::kWritten;
  CW_RETURN_IF_ERROR(
      database_.Write(WithTime(caller, clock_.Now() + kOwnTime), [&](Store& store) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto settled, store.Settle(device, id, outcome, by_agent));
        if (!settled) {
          CW_ASSIGN_OR_RETURN(const auto known, store.FindCommand(device.chain, id));
          const bool ours = known && known->device == device.device;
          const bool differs = ours && !IsOpen(outcome.state) && known->state != outcome.state;
          reported = !ours     ? Reported::kNoSuchCommand
                     : differs ? Reported::kContradicts
                               : Reported::kKnownAlready;
          return absl::OkStatus();
        }
        if (settled->waiting) {
          CW_RETURN_IF_ERROR(
              store.Tell(*settled->waiting, {Notice::Kind::kSettled, device.chain, id.value()}));
        }
        if (IsOpen(outcome.state)) return absl::OkStatus();
        CW_ASSIGN_OR_RETURN(const auto of, store.FindDevice(device.device));
        return store.AnnounceSettled(settled->command, of ? of->branch : BranchId());
      }));
  if (reported != Reported::kWritten) return reported;
  if (!IsOpen(outcome.state)) announced_();
  waiters_.Deliver(id, outcome);
  return reported;
}

absl::Status Commands::CaughtUp(const Caller& device, const CaughtUpStream& stream) {
  const DeviceKey key{device.chain, DeviceId(device.subject)};
  std::vector<std::pair<CommandId, Outcome>> settled;
  CW_RETURN_IF_ERROR(
      database_.Write(WithTime(device, clock_.Now() + kOwnTime), [&](Store& store) -> absl::Status {
        // What the agent said at this stream's beginning is of no worth once a newer one numbers.
        CW_RETURN_IF_ERROR(store.LockDevice(key.device).status());
        CW_ASSIGN_OR_RETURN(const StreamId current, store.CurrentStream(key));
        if (current != stream.stream) return absl::OkStatus();
        CW_ASSIGN_OR_RETURN(const auto open, store.LockOpenCommands(key));
        for (const Command& command : open) {
          const auto outcome = SettleAtCaughtUp(command, stream);
          if (!outcome) continue;
          CW_ASSIGN_OR_RETURN(const auto done, store.Settle(key, command.id, *outcome, false));
          if (!done) continue;
          settled.emplace_back(command.id, *outcome);
          if (done->waiting) {
            CW_RETURN_IF_ERROR(store.Tell(*done->waiting,
                                          {Notice::Kind::kSettled, key.chain, command.id.value()}));
          }
          if (waiters_.Expected(command.id)) continue;
          CW_ASSIGN_OR_RETURN(const auto of, store.FindDevice(key.device));
          CW_RETURN_IF_ERROR(store.AnnounceSettled(done->command, of ? of->branch : BranchId()));
        }
        return absl::OkStatus();
      }));
  if (!settled.empty()) announced_();
  for (const auto& [id, outcome] : settled) waiters_.Deliver(id, outcome);
  return absl::OkStatus();
}

void Commands::TakeOver(const ChainId& chain, const CommandId& id) {
  const absl::Time deadline = clock_.Now() + kOwnTime;
  const auto known = log_.Find(chain, id, deadline);
  if (!known.ok() || !*known || (*known)->state != CommandState::kSent) return;
  const auto link = links_.Find((*known)->device);
  // Without the stream it was meant for, the next one's CaughtUp settles it.
  if (!link || link->stream() != (*known)->stream) return;

  std::unique_lock turn(link->turn());
  const absl::Duration before = clock_.SinceBoot();
  const auto taken = log_.TakeOver(chain, id, deadline);
  if (IsLost(taken.status())) link->Drop("a commit was lost");
  if (!taken.ok() || !*taken) return;
  const Command& command = (*taken)->command;
  if (SendOn(*link, command, before - (*taken)->age)) return;
  const auto dropped = SettleAndTell(Caller::Service("device-svc"), {chain, command.device}, id,
                                     Outcome{CommandState::kDropped, "NEVER_SENT"}, false);
  if (!dropped.ok()) link->Drop("a number was lost");
}

void Commands::TakeOverMissed() {
  const auto missed = log_.NotTakenOver(self_, clock_.Now() + kOwnTime);
  if (!missed.ok()) return;
  for (const Command& command : *missed) TakeOver(command.chain, command.id);
}

}  // namespace cartwise::device
