// What becomes of commands whose outcome nobody heard, and of those for another process.

#include <algorithm>
#include <atomic>
#include <thread>

#include "storage/commands_fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

TEST_CASE("an id that was looked up first can never be executed", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  const NewCommand wanted = f.Unlock();
  const auto look = [&] {
    return f.here.commands.LookUp(TwoChains::Service(), wanted.chain, wanted.id);
  };

  CHECK_REFUSED(look(), "COMMAND_NOT_FOUND");
  const auto executed = f.here.commands.Execute(TwoChains::Service(), wanted);
  REQUIRE_OK(executed);
  CHECK(executed->state == CommandState::kDropped);
  CHECK(executed->reason == "NEVER_ACCEPTED");
  CHECK_REFUSED(look(), "COMMAND_NOT_FOUND");
  CHECK(link->sent().empty());
}

TEST_CASE("a look-up and an execution at once agree on what happened", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  for (int i = 0; i < 20; ++i) {
    const NewCommand wanted = f.Unlock();
    absl::StatusOr<Command> looked;
    std::thread looker(
        [&] { looked = f.here.commands.LookUp(TwoChains::Service(), wanted.chain, wanted.id); });
    const auto executed = f.here.commands.Execute(TwoChains::Service(), wanted);
    looker.join();
    REQUIRE_OK(executed);
    const auto orders = link->sent();
    const bool sent = std::any_of(orders.begin(), orders.end(),
                                  [&](const Order& each) { return each.command == wanted.id; });
    CHECK(sent == (executed->state == CommandState::kSucceeded));
    CHECK(sent == looked.ok());
  }
}

// A command that was committed while its process died before or after sending it.
CommandId Abandoned(CommandsFixture& f) {
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.log.Begin(wanted, link->stream(), absl::InfiniteFuture(), [] {}));
  return wanted.id;
}

TEST_CASE("a command that was lost with its stream is dropped when the agent is back",
          "[commands]") {
  CommandsFixture f;
  const CommandId lost = Abandoned(f);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());

  REQUIRE_OK(f.here.commands.CaughtUp(TwoChains::Speaking(f.device),
                                      {link->stream(), kEpoch, /*last_seq=*/0}));

  CHECK(f.Found(lost).state == CommandState::kDropped);
  CHECK(f.Found(lost).reason == "NEVER_RECEIVED");
  CHECK(f.Events("command.settled") == 1);
}

TEST_CASE("a command that the agent had accepted waits for its report", "[commands]") {
  CommandsFixture f;
  const CommandId accepted = Abandoned(f);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing(), kEpoch, 1);

  REQUIRE_OK(f.here.commands.CaughtUp(TwoChains::Speaking(f.device), {link->stream(), kEpoch, 1}));

  CHECK(f.Found(accepted).state == CommandState::kSent);
}

TEST_CASE("a new epoch voids what was not reported, and leaves what the agent does not know",
          "[commands]") {
  CommandsFixture f;
  const CommandId silent = Abandoned(f);
  const CommandId begun = Abandoned(f);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing(), kNextEpoch);
  REQUIRE_OK(f.here.commands.Report(TwoChains::Speaking(f.device), begun,
                                    {CommandState::kUnknown, "INTERRUPTED"}));

  REQUIRE_OK(
      f.here.commands.CaughtUp(TwoChains::Speaking(f.device), {link->stream(), kNextEpoch, 0}));

  CHECK(f.Found(silent).reason == "WRONG_EPOCH");
  CHECK(f.Found(begun).state == CommandState::kUnknown);
  CHECK(f.Found(begun).reason == "INTERRUPTED");
  // Nor at any later one.
  const std::string later(32, 'c');
  const auto third = f.here.Connect(f.device, CommandsFixture::SaysNothing(), later);
  REQUIRE_OK(f.here.commands.CaughtUp(TwoChains::Speaking(f.device), {third->stream(), later, 0}));
  CHECK(f.Found(begun).state == CommandState::kUnknown);
}

TEST_CASE("what a stream says of itself is of no worth once a newer one has orders", "[commands]") {
  CommandsFixture f;
  const auto older = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  Process other(f, ReplicaId::New(), kNoPatience);
  const auto newer = other.Connect(f.device, CommandsFixture::SaysNothing());
  const auto sent = other.commands.Execute(TwoChains::Service(), f.Unlock());
  REQUIRE_OK(sent);
  REQUIRE(newer->sent().size() == 1);

  REQUIRE_OK(f.here.commands.CaughtUp(TwoChains::Speaking(f.device), {older->stream(), kEpoch, 0}));

  CHECK(f.Found(sent->id).state == CommandState::kUnknown);
}

TEST_CASE("commands that nobody waits for any more become UNKNOWN", "[commands]") {
  CommandsFixture f;
  const CommandId abandoned = Abandoned(f);
  const auto give_up = [&] {
    return f.log.GiveUpAbandoned(absl::Seconds(2), absl::InfiniteFuture()).value();
  };
  CHECK(give_up() == 0);
  f.server.Sql("UPDATE device.commands SET issued_at = issued_at - interval '70 seconds'");
  CHECK(give_up() == 1);
  CHECK(f.Found(abandoned).state == CommandState::kUnknown);
}

TEST_CASE("a look-up of a command whose time is over says UNKNOWN, not SENT", "[commands]") {
  CommandsFixture f;
  const CommandId abandoned = Abandoned(f);
  f.server.Sql("UPDATE device.commands SET issued_at = issued_at - interval '70 seconds'");
  const auto looked = f.here.commands.LookUp(TwoChains::Service(), f.device.chain, abandoned);
  REQUIRE_OK(looked);
  CHECK(looked->state == CommandState::kUnknown);
}

TEST_CASE("a command for a stream of another process is sent there", "[commands]") {
  CommandsFixture f;
  Process other(f, ReplicaId::New(), {});
  const auto link = other.Connect(f.device, [&](const Order& order) {
    f.agents.emplace_back([&f, &other, id = order.command] {
      CHECK(other.commands.Report(TwoChains::Speaking(f.device), id, {CommandState::kSucceeded})
                .ok());
    });
  });
  const NewCommand wanted = f.Unlock();
  // The notice, without the listener: what is waiting there is found all the same.
  std::atomic<bool> answered = false;
  std::thread holder([&] {
    while (!answered) other.commands.TakeOverMissed();
  });

  const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);
  answered = true;
  holder.join();

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kSucceeded);
  REQUIRE(link->sent().size() == 1);
  CHECK(link->sent().front().seq == 1);
  CHECK(f.Found(wanted.id).seq == 1);
}

TEST_CASE("a command for another process that never took it over was not sent", "[commands]") {
  CommandsFixture f(kNoPatience);
  Process other(f, ReplicaId::New(), {});
  const auto link = other.Connect(f.device, CommandsFixture::SaysNothing());

  const auto done = f.here.commands.Execute(TwoChains::Service(), f.Unlock());

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kDropped);
  CHECK(done->reason == "NEVER_SENT");
  other.commands.TakeOver(f.device.chain, done->id);
  CHECK(link->sent().empty());
}

TEST_CASE("a handed-over command that comes too late is not sent", "[commands]") {
  CommandsFixture f;
  Process other(f, ReplicaId::New(), {});
  const auto link = other.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.log.HandOver(wanted, link->stream(), f.self, other.self, absl::Seconds(61),
                            absl::InfiniteFuture()));

  other.commands.TakeOver(wanted.chain, wanted.id);

  CHECK(link->sent().empty());
  CHECK(f.Found(wanted.id).state == CommandState::kDropped);
  CHECK(f.Found(wanted.id).reason == "NEVER_SENT");
}

}  // namespace
}  // namespace cartwise::device
