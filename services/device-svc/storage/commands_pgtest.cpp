#include <algorithm>
#include <atomic>
#include <thread>

#include "cartwise/base/text.hpp"
#include "cartwise/pg/connection.hpp"
#include "storage/commands_fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

TEST_CASE("a command is committed, numbered, sent, and answered with its proof", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  const NewCommand wanted = f.Unlock();

  const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kSucceeded);
  CHECK(done->attempts == 1);
  REQUIRE(link->sent().size() == 1);
  const Order order = link->sent().front();
  CHECK(order.command == wanted.id);
  CHECK(order.agent_epoch == kEpoch);
  CHECK(order.seq == 1);
  CHECK(order.not_after_ms > 1'000'000);
  CHECK(order.not_after_ms <= 1'060'000);
  CHECK(f.Found(wanted.id).state == CommandState::kSucceeded);
  // Somebody waited and heard: nothing is left to announce.
  CHECK(f.Events("command.settled") == 0);
  // Who sees every chain finds it by its id alone.
  const auto anywhere = f.Do(TwoChains::Service(),
                             [&](Store& store) { return store.FindCommand(ChainId(), wanted.id); });
  REQUIRE_OK(anywhere);
  REQUIRE(*anywhere);
  CHECK((*anywhere)->chain == f.device.chain);
}

TEST_CASE("a service hears the agent's word before it is committed, a person after", "[commands]") {
  CommandsFixture f;
  auto keeper = pg::Connection::Open(f.server.UrlOf("device"));
  REQUIRE_OK(keeper);
  // While the keeper holds the command's row, no outcome can be committed.
  f.here.Connect(f.device, [&, report = f.Reports(CommandState::kSucceeded)](const Order& order) {
    REQUIRE_OK(
        (*keeper)->Raw("BEGIN; SET LOCAL cartwise.chain_id = '*'; SELECT FROM device.commands "
                       "WHERE command_id = '" +
                       order.command.value() + "' FOR UPDATE"));
    report(order);
  });
  const NewCommand of_service = f.Unlock();
  const auto said = f.here.commands.Execute(TwoChains::Service(), of_service, TellWhen::kSaid);
  REQUIRE_OK(said);
  CHECK(said->state == CommandState::kSucceeded);
  CHECK(f.Found(of_service.id).state == CommandState::kSent);
  REQUIRE_OK((*keeper)->Raw("COMMIT"));

  const NewCommand of_person = f.Unlock();
  std::atomic<bool> answered = false;
  std::thread person([&] {
    CHECK(f.here.commands.Execute(TwoChains::Service(), of_person).ok());
    answered = true;
  });
  f.server.AwaitLockWaits();
  CHECK(!answered);
  REQUIRE_OK((*keeper)->Raw("COMMIT"));
  person.join();
  CHECK(f.Found(of_person.id).state == CommandState::kSucceeded);
}

TEST_CASE("an agent's word about another device's command is not believed", "[commands]") {
  CommandsFixture f;
  const Device stranger = f.Enrolled(f.haifa, "02:00:00:00:00:02");
  f.here.Connect(f.device, [&, report = f.Reports(CommandState::kFailed)](const Order& order) {
    const Outcome lie{CommandState::kSucceeded, "", "{}", 1};
    CHECK_FALSE(f.here.commands.Hear(TwoChains::Speaking(stranger), order.command, lie));
    CHECK(f.here.commands.Report(TwoChains::Speaking(stranger), order.command, lie).ok());
    report(order);
  });

  const auto done = f.here.commands.Execute(TwoChains::Service(), f.Unlock(), TellWhen::kSaid);

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kFailed);
}

TEST_CASE("a list shows commands with and without an outcome, newest first", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  std::vector<CommandId> newest_first;
  for (const bool answered : {true, false, true, false}) {
    const NewCommand wanted = f.Unlock();
    newest_first.insert(newest_first.begin(), wanted.id);
    if (answered) {
      REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), wanted));
    } else {
      REQUIRE_OK(f.log.Begin(wanted, link->stream(), absl::InfiniteFuture(), [] {}));
    }
  }
  const auto list = [&](std::optional<CommandState> state, const PageRequest& page) {
    std::vector<CommandId> ids;
    REQUIRE_OK(f.Do(TwoChains::Service(), [&](Store& store) -> absl::Status {
      const auto found = store.ListCommands(KeyOf(f.device), state, page);
      REQUIRE_OK(found);
      for (const Command& command : *found) ids.push_back(command.id);
      return absl::OkStatus();
    }));
    return ids;
  };
  using Ids = std::vector<CommandId>;

  CHECK(list({}, {10, {}}) == newest_first);
  CHECK(list(CommandState::kSent, {10, {}}) == Ids{newest_first[0], newest_first[2]});
  CHECK(list(CommandState::kSucceeded, {10, {}}) == Ids{newest_first[1], newest_first[3]});
  const std::string second = ToRfc3339(f.Found(newest_first[1]).issued_at);
  CHECK(list({}, {10, {second, newest_first[1].value()}}) == Ids{newest_first[2], newest_first[3]});
}

TEST_CASE("the same id again answers with the same command and sends nothing", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kFailed, "STILL_CLOSED"));
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), wanted));

  const auto again = f.here.commands.Execute(TwoChains::Service(), wanted);
  f.here.links.Remove(f.device.id);
  const auto later = f.here.commands.Execute(TwoChains::Service(), wanted);

  REQUIRE_OK(again);
  CHECK(again->state == CommandState::kFailed);
  CHECK(again->reason == "STILL_CLOSED");
  REQUIRE_OK(later);
  CHECK(later->state == CommandState::kFailed);
  CHECK(link->sent().size() == 1);
}

TEST_CASE("one id executed by many at once is one order", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  const NewCommand wanted = f.Unlock();
  std::atomic<int> succeeded = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);
      if (done.ok() && done->state == CommandState::kSucceeded) ++succeeded;
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(succeeded == 6);
  CHECK(link->sent().size() == 1);
}

TEST_CASE("without a stream a command is refused at once and nothing is stored", "[commands]") {
  CommandsFixture f;
  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), f.Unlock()), "DEVICE_OFFLINE");
  NewCommand elsewhere = f.Unlock();
  elsewhere.device = DeviceId::New();
  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), elsewhere), "DEVICE_NOT_FOUND");
  NewCommand foreign = f.Unlock();
  foreign.chain = f.tel_aviv.chain;
  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), foreign), "DEVICE_NOT_FOUND");
  CHECK(f.Count("device.commands") == 0);
}

TEST_CASE("a process whose stream does not count any more sends nothing", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  Process other(f, ReplicaId::New(), {});
  other.Connect(f.device, CommandsFixture::SaysNothing());

  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), f.Unlock()), "DEVICE_OFFLINE");

  CHECK(link->sent().empty());
  CHECK(f.Count("device.commands") == 0);
}

TEST_CASE("a command for a stream that is just opening waits for it", "[commands]") {
  CommandsFixture f;
  const auto opened = f.Open(f.device);
  REQUIRE_OK(opened);
  // In the table, and never in the registry.
  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), f.Unlock()), "DEVICE_OFFLINE");

  auto link = std::make_shared<FakeLink>(KeyOf(f.device), opened->id, kEpoch, f.clock);
  link->on_order = f.Reports(CommandState::kSucceeded);
  f.here.links.PutWhenAskedTwice(link);
  const auto done = f.here.commands.Execute(TwoChains::Service(), f.Unlock());
  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kSucceeded);
}

TEST_CASE("a quarantined device gets no commands", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  REQUIRE_OK(f.Enroll(f.haifa, f.device.mac_address));

  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), f.Unlock()), "DEVICE_OFFLINE");
  f.here.links.Remove(f.device.id);
  CHECK_REFUSED(f.here.commands.Execute(TwoChains::Service(), f.Unlock()), "DEVICE_QUARANTINED");
  CHECK(link->sent().empty());
}

TEST_CASE("orders of one device go out in rising sequence, whoever asks", "[commands]") {
  CommandsFixture f(kNoPatience);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        CHECK(f.here.commands.Execute(TwoChains::Service(), f.Unlock()).ok());
      }
    });
  }
  for (std::thread& caller : callers) caller.join();

  const auto sent = link->sent();
  CHECK(sent.size() == 30);
  CHECK(std::adjacent_find(sent.begin(), sent.end(), [](const Order& a, const Order& b) {
          return a.seq >= b.seq;
        }) == sent.end());
}

TEST_CASE("numbers go on after a reconnect within an epoch", "[commands]") {
  CommandsFixture f;
  f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), f.Unlock()));

  const auto same = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), f.Unlock()));
  CHECK(same->sent().front().seq == 2);

  const auto next = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded), kNextEpoch);
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), f.Unlock()));
  CHECK(next->sent().front().seq == 1);
}

TEST_CASE("silence past the deadline is UNKNOWN, and a late word settles it aloud", "[commands]") {
  CommandsFixture f(kNoPatience);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock();
  const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);
  REQUIRE_OK(done);
  REQUIRE(link->sent().size() == 1);
  CHECK(done->state == CommandState::kUnknown);
  CHECK(done->reason == "NO_WORD");

  const auto told = f.here.commands.Report(TwoChains::Speaking(f.device), wanted.id,
                                           {CommandState::kSucceeded, "", R"({"pulses":1})", 1});

  REQUIRE_OK(told);
  CHECK(*told == Reported::kWritten);
  CHECK(f.Found(wanted.id).state == CommandState::kSucceeded);
  CHECK(f.here.announced == 1);
  CHECK(f.Count("device.outbox WHERE type = 'command.settled' AND subject = '" + wanted.id.value() +
                "' AND payload->>'state' = 'SUCCEEDED' AND "
                "payload->'seen'->>'pulses' = '1'") == 1);
}

TEST_CASE("an outcome that its caller did not wait for is announced", "[commands]") {
  CommandsFixture f;
  f.here.Connect(f.device, CommandsFixture::SaysNothing());
  NewCommand wanted;
  absl::StatusOr<Command> given_up;
  // A slow machine may not come to send in the first of these times.
  for (auto patience = absl::Milliseconds(50); patience < kAmple && !given_up.ok(); patience *= 2) {
    wanted = f.Unlock();
    Caller hurried = TwoChains::Service();
    hurried.deadline = absl::Now() + patience;
    given_up = f.here.commands.Execute(hurried, wanted);
  }
  REQUIRE_OK(given_up);
  CHECK(given_up->state == CommandState::kUnknown);

  REQUIRE_OK(f.here.commands.Report(TwoChains::Speaking(f.device), wanted.id,
                                    {CommandState::kFailed, "STILL_CLOSED"}));
  CHECK(f.Events("command.settled") == 1);
}

TEST_CASE("what is final stays, whatever is reported later", "[commands]") {
  CommandsFixture f;
  f.here.Connect(f.device, f.Reports(CommandState::kSucceeded));
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), wanted));

  const auto report = [&](const Outcome& outcome) {
    const auto told = f.here.commands.Report(TwoChains::Speaking(f.device), wanted.id, outcome);
    REQUIRE_OK(told);
    return *told;
  };

  CHECK(report({CommandState::kSucceeded}) == Reported::kKnownAlready);
  CHECK(report({CommandState::kUnknown, "INTERRUPTED"}) == Reported::kKnownAlready);
  CHECK(report({CommandState::kFailed, "STILL_CLOSED"}) == Reported::kContradicts);
  CHECK(f.Found(wanted.id).state == CommandState::kSucceeded);

  // Nor does anybody get around the program.
  const auto forced = f.pool->Once(
      pg::Tenant::Of(f.device.chain), absl::InfiniteFuture(),
      {"test_force", "UPDATE device.commands SET state = 'FAILED' WHERE chain_id = $1"},
      f.device.chain);
  CHECK(absl::IsFailedPrecondition(forced.status()));
}

TEST_CASE("nobody reports for another device", "[commands]") {
  CommandsFixture f(kNoPatience);
  const Device other = f.Enrolled(f.haifa, "02:00:00:00:00:02");
  const Device foreign = f.Enrolled(f.tel_aviv, "02:00:00:00:00:03");
  f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), wanted));

  for (const Device& liar : {other, foreign}) {
    const auto told =
        f.here.commands.Report(TwoChains::Speaking(liar), wanted.id, {CommandState::kSucceeded});
    REQUIRE_OK(told);
    CHECK(*told == Reported::kNoSuchCommand);
  }
  CHECK(f.Found(wanted.id).state == CommandState::kUnknown);
}

TEST_CASE("a command whose time is over before it is sent is never sent", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock(-absl::Seconds(1));

  const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kDropped);
  CHECK(done->reason == "NEVER_SENT");
  CHECK(f.Found(wanted.id).state == CommandState::kDropped);
  CHECK(link->sent().empty());
}

TEST_CASE("a line that is cut between commit and send: DROPPED, and never sent", "[commands]") {
  CommandsFixture f;
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  link->broken = true;
  const NewCommand wanted = f.Unlock();

  const auto done = f.here.commands.Execute(TwoChains::Service(), wanted);

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kDropped);
  CHECK(done->reason == "NEVER_SENT");
  CHECK(f.Found(wanted.id).state == CommandState::kDropped);
  CHECK(link->sent().empty());
}

TEST_CASE("a stream that opens while a number is given goes on after it", "[commands]") {
  CommandsFixture f;
  f.here.Connect(f.device, CommandsFixture::SaysNothing());
  // The beginning of a command on the old stream, which is not committed yet.
  auto keeper = pg::Connection::Open(f.server.UrlOf("device"));
  REQUIRE_OK(keeper);
  REQUIRE_OK((*keeper)->Raw(
      "BEGIN; SET LOCAL cartwise.chain_id = '*';"
      "WITH stream AS (UPDATE device.streams SET last_seq = last_seq + 1 RETURNING *) "
      "INSERT INTO device.commands (chain_id, device_id, stream_id, command_id, kind, state, "
      "ttl_ms, agent_epoch, seq, requested_by) SELECT chain_id, device_id, stream_id, "
      "gen_random_uuid(), 'lock.unlock', 'SENT', 1000, agent_epoch, last_seq, 'x' FROM stream"));

  std::shared_ptr<FakeLink> newer;
  std::thread agent([&] { newer = f.here.Connect(f.device, f.Reports(CommandState::kSucceeded)); });
  f.server.AwaitLockWaits();
  REQUIRE_OK((*keeper)->Raw("COMMIT"));
  agent.join();

  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), f.Unlock()));
  CHECK(newer->sent().front().seq == 2);
}

TEST_CASE("the short way is for a waiter of this process and a command that is SENT",
          "[commands]") {
  CommandsFixture f(kNoPatience);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand unknown = f.Unlock(), handed = f.Unlock();
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), unknown));
  REQUIRE(f.log
              .HandOver(handed, link->stream(), ReplicaId::New(), f.self, absl::ZeroDuration(),
                        absl::InfiniteFuture())
              .value());

  for (const NewCommand& each : {unknown, handed}) {
    CHECK_FALSE(f.log
                    .SettleForWaiter(KeyOf(f.device), each.id, {CommandState::kSucceeded},
                                     absl::InfiniteFuture())
                    .value());
  }
}

}  // namespace
}  // namespace cartwise::device
