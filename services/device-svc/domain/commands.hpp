#pragma once

#include <functional>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "cartwise/base/clock.hpp"
#include "cartwise/base/database.hpp"
#include "domain/command_log.hpp"
#include "domain/links.hpp"
#include "domain/settle.hpp"
#include "domain/store.hpp"
#include "domain/waiters.hpp"

namespace cartwise::device {

/// What an agent's report did: it was written, it was known already, it says something else than
/// what is known for good, or it is about a command that this device never had.
enum class Reported { kWritten, kKnownAlready, kContradicts, kNoSuchCommand };

struct CommandTimes {
  /// How long after its deadline a result is waited for: the agent still reads
  /// the proof, and the report travels.
  absl::Duration allowance = absl::Milliseconds(500);
  /// How often a caller looks at a command that another process sends, in case
  /// the notice was lost.
  absl::Duration look = absl::Milliseconds(250);
};

/// The way of a command: at most once, never late, and its outcome known or
/// honestly unknown.
///
/// - Nothing is stored for a device without a living stream.
/// - Committed before it is sent, numbered under the stream that counts.
/// - Its deadline stands in the agent's own clock, counted from the moment the
///   command was accepted here.
/// - A result never changes. It is committed before anybody hears of it, but for a caller
///   of Execute who keeps a record of its own and asks for the agent's word: the agent
///   says it again until it is committed here.
///
/// A result that comes when nobody waits any more is announced as
/// `command.settled`. Thread-safe; Execute blocks its thread.
class Commands {
 public:
  using Times = CommandTimes;

  struct Parts {
    CommandLog& log;
    Database<Store>& database;
    const Links& links;
    const Clock& clock;
    ReplicaId self;
    /// Called after the commit of an announcement.
    std::function<void()> announced;
  };
  using Proving = absl::FunctionRef<void(const Command&)>;
  static constexpr auto kHearsNothing = [](const Command&) {};

  explicit Commands(Parts parts, Times times = {});

  /// Sends and waits for the outcome or the deadline. The same id again answers
  /// with the same command and sends nothing. `proving` is called meanwhile, where `tell` is kSaid,
  /// when the agent says that its word is near.
  absl::StatusOr<Command> Execute(const Caller& caller, const NewCommand& wanted,
                                  TellWhen tell = TellWhen::kCommitted,
                                  Proving proving = kHearsNothing);
  /// The command, or COMMAND_NOT_FOUND, which bars the id for ever.
  absl::StatusOr<Command> LookUp(const Caller& caller, const ChainId& chain, const CommandId& id);

  /// The agent has acted and is about to tell the outcome: those who wait for its word hear it.
  void HearProving(const Caller& device, const CommandId& id);
  /// Gives the agent's word to those who wait for it before its commit. True when somebody did:
  /// nobody waits for the commit then, and nothing is left to announce.
  bool Hear(const Caller& device, const CommandId& id, const Outcome& outcome);
  /// Commits the agent's word. An answer, whichever, lets the agent forget it.
  absl::StatusOr<Reported> Report(const Caller& device, const CommandId& id, const Outcome& outcome,
                                  bool heard = false);
  /// The agent has told all its journal held.
  absl::Status CaughtUp(const Caller& device, const CaughtUpStream& stream);

  /// Another process committed a command for a stream of ours.
  void TakeOver(const ChainId& chain, const CommandId& id);
  /// The same for all that a lost notice may have left behind.
  void TakeOverMissed();
  /// True while a caller waits for an outcome.
  bool Busy() const { return waiters_.AnyExpected(); }
  /// Another process committed the outcome of a command we wait for.
  void Settled(const CommandId& id) { waiters_.Poke(id); }

 private:
  absl::StatusOr<Command> ExecuteHere(const Caller& caller, const NewCommand& wanted, TellWhen tell,
                                      Link& link, absl::Duration accepted_at, Proving proving);
  absl::StatusOr<std::optional<Command>> SendHere(const Caller& caller, const NewCommand& wanted,
                                                  Link& link, absl::Duration accepted_at);
  absl::StatusOr<Command> ExecuteElsewhere(const Caller& caller, const NewCommand& wanted,
                                           TellWhen tell, absl::Duration accepted_at,
                                           Proving proving);
  std::shared_ptr<Link> AwaitLink(const DeviceId& device) const;
  absl::StatusOr<Command> Existing(const Caller& caller, const NewCommand& wanted,
                                   absl::Status otherwise);
  absl::StatusOr<Command> Await(const Caller& caller, Waiters::Ticket& ticket, Command command,
                                absl::Duration until, bool look, Proving proving = kHearsNothing);
  absl::StatusOr<Command> Silence(const Caller& caller, Command command);
  absl::StatusOr<Reported> SettleAndTell(const Caller& caller, const DeviceKey& device,
                                         const CommandId& id, const Outcome& outcome,
                                         bool by_agent);
  bool SendOn(Link& link, const Command& command, absl::Duration accepted_at) const;

  CommandLog& log_;
  Database<Store>& database_;
  const Links& links_;
  const Clock& clock_;
  const ReplicaId self_;
  const std::function<void()> announced_;
  const Times times_;
  Waiters waiters_;
};

}  // namespace cartwise::device
