#include <algorithm>
#include <atomic>
#include <thread>

#include "cartwise/pg/connection.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

// Time enough that a slow machine does not decide a test; where a deadline is
// the point, it is in the past already.
constexpr absl::Duration kAmple = absl::Seconds(60);
// Time enough to send, and none to wait.
constexpr CommandTimes kNoPatience{-kAmple, absl::Milliseconds(10)};

// A process of this service: its registry, its waiters.
struct Process {
  TwoChains& f;
  ReplicaId self;
  FakeLinks links;
  std::atomic<int> announced = 0;
  Streams streams{f.database, f.presence, f.clock, self};
  Commands commands;

  Process(TwoChains& fixture, ReplicaId id, CommandTimes times)
      : f(fixture),
        self(std::move(id)),
        commands({f.log, f.database, links, f.clock, self, [this] { ++announced; }}, times) {
    REQUIRE_OK(streams.RenewLease());
  }

  // The device connects here; its agent does as `on_order` says.
  std::shared_ptr<FakeLink> Connect(const Device& device,
                                    std::function<void(const Order&)> on_order,
                                    const std::string& epoch = kEpoch, int64_t last_seq = 0) {
    const auto opened =
        streams.Open(TwoChains::Speaking(device), {device.tokens.current, epoch, last_seq, "", ""});
    REQUIRE_OK(opened);
    auto link = std::make_shared<FakeLink>(KeyOf(device), opened->id, epoch, f.clock);
    link->on_order = std::move(on_order);
    links.Put(device.id, link);
    return link;
  }
};

struct CommandsFixture : TwoChains {
  Process here;
  Device device = Enrolled(haifa);
  std::vector<std::thread> agents;

  explicit CommandsFixture(CommandTimes times = {}) : here(*this, self, times) {}
  ~CommandsFixture() {
    for (std::thread& agent : agents) agent.join();
  }

  NewCommand Unlock(absl::Duration ttl = kAmple) const {
    NewCommand command;
    command.id = CommandId::New();
    command.chain = device.chain;
    command.device = device.id;
    command.kind = "lock.unlock";
    command.arguments = R"({"lock": 3})";
    command.ttl = ttl;
    command.requested_by = "service:rental-svc";
    return command;
  }

  // An agent that reports this outcome, from a thread of its own as in life.
  std::function<void(const Order&)> Reports(CommandState state, std::string reason = "") {
    return [=, this](const Order& order) {
      agents.emplace_back([=, this] {
        const auto told = here.commands.Report(Speaking(device), order.command,
                                               {state, reason, R"({"pulses": 1})", 1});
        CHECK(told.ok());
      });
    };
  }
  static std::function<void(const Order&)> SaysNothing() {
    return [](const Order&) {};
  }

  Command Found(const CommandId& id) {
    const auto found = log.Find(device.chain, id, absl::InfiniteFuture());
    REQUIRE_OK(found);
    REQUIRE(*found);
    return **found;
  }
};

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
}

TEST_CASE("a service hears the agent's word before it is committed, a person after", "[commands]") {
  CommandsFixture f;
  auto keeper = pg::Connection::Open(f.server.UrlOf("device"));
  REQUIRE_OK(keeper);
  // While the keeper holds the command's row, no outcome can be committed.
  f.here.Connect(f.device, [&, report = f.Reports(CommandState::kSucceeded)](const Order& order) {
    REQUIRE_OK(
        (*keeper)->Raw("BEGIN; SET LOCAL cartwise.platform = 'on'; SELECT FROM device.commands "
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
  while (f.Count("pg_stat_activity WHERE datname = current_database() "
                 "AND wait_event_type = 'Lock'") == 0) {
    std::this_thread::yield();
  }
  CHECK(!answered);
  REQUIRE_OK((*keeper)->Raw("COMMIT"));
  person.join();
  CHECK(f.Found(of_person.id).state == CommandState::kSucceeded);
}

TEST_CASE("an agent's word about another device's command is not believed", "[commands]") {
  CommandsFixture f;
  const Device stranger = f.Enrolled(f.haifa, "02:00:00:00:00:02");
  f.here.Connect(f.device, [&, report = f.Reports(CommandState::kFailed)](const Order& order) {
    const auto told = f.here.commands.Report(TwoChains::Speaking(stranger), order.command,
                                             {CommandState::kSucceeded, "", "{}", 1});
    CHECK(told.ok());
    report(order);
  });

  const auto done = f.here.commands.Execute(TwoChains::Service(), f.Unlock(), TellWhen::kSaid);

  REQUIRE_OK(done);
  CHECK(done->state == CommandState::kFailed);
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
  REQUIRE_OK(f.Enrol(f.haifa, f.device.mac_address));

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

  const auto again = f.here.commands.Report(TwoChains::Speaking(f.device), wanted.id,
                                            {CommandState::kFailed, "STILL_CLOSED"});
  REQUIRE_OK(again);
  CHECK(*again == Reported::kKnownAlready);
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

TEST_CASE("the short way is for a waiter of this process and a command that is SENT",
          "[commands]") {
  CommandsFixture f(kNoPatience);
  const auto link = f.here.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand unknown = f.Unlock(), handed = f.Unlock();
  REQUIRE_OK(f.here.commands.Execute(TwoChains::Service(), unknown));
  REQUIRE(f.log.HandOver(handed, link->stream(), ReplicaId::New(), f.self, absl::InfiniteFuture())
              .value());

  for (const NewCommand& each : {unknown, handed}) {
    CHECK_FALSE(f.log
                    .SettleForWaiter(KeyOf(f.device), each.id, {CommandState::kSucceeded},
                                     absl::InfiniteFuture())
                    .value());
  }
}

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
  REQUIRE_OK(f.log.Begin(wanted, link->stream(), absl::InfiniteFuture()));
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
  REQUIRE_OK(f.here.commands.CaughtUp(TwoChains::Speaking(f.device),
                                      {StreamId::New(), std::string(32, 'c'), 0}));
  CHECK(f.Found(begun).state == CommandState::kUnknown);
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

TEST_CASE("a handed-over command that comes too late is not sent", "[commands]") {
  CommandsFixture f;
  Process other(f, ReplicaId::New(), {});
  const auto link = other.Connect(f.device, CommandsFixture::SaysNothing());
  const NewCommand wanted = f.Unlock();
  REQUIRE_OK(f.log.HandOver(wanted, link->stream(), f.self, other.self, absl::InfiniteFuture()));
  f.server.Sql("UPDATE device.commands SET issued_at = issued_at - interval '61 seconds'");

  other.commands.TakeOver(wanted.chain, wanted.id);

  CHECK(link->sent().empty());
  CHECK(f.Found(wanted.id).state == CommandState::kDropped);
  CHECK(f.Found(wanted.id).reason == "NEVER_SENT");
}

}  // namespace
}  // namespace cartwise::device
