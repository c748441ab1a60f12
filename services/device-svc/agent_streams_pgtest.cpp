#include <future>
#include <thread>

#include "api_fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

struct AgentFixture : Served {
  const v1::RegisterDeviceResponse enrolled = Register().value();
  const DeviceKey key{haifa.chain, DeviceId(enrolled.device_id())};
  const std::string& token = enrolled.device_token();
  const NewCommand unlock = Unlock();

  NewCommand Unlock() const {
    NewCommand command{.id = CommandId::New(), .chain = key.chain, .device = key.device};
    command.kind = "lock.unlock";
    command.requested_by = "service:rental-svc";
    command.ttl = absl::Seconds(60);
    return command;
  }
  StreamId CurrentStream() {
    const auto stream =
        Do(TwoChains::Service(), [&](Store& store) { return store.CurrentStream(key); });
    REQUIRE_OK(stream);
    return *stream;
  }
  absl::Status Execute(const NewCommand& wanted, CommandState expected) {
    const auto done = commands.Execute(TwoChains::Service(), wanted, TellWhen::kSaid);
    if (!done.ok()) return done.status();
    return done->state == expected ? absl::OkStatus() : absl::InternalError(done->reason);
  }
  CommandState StateOf(const NewCommand& command) {
    const auto stored = log.Find(key.chain, command.id, absl::InfiniteFuture());
    REQUIRE_OK(stored);
    return (*stored)->state;
  }
};

constexpr char kNextEpoch[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

TEST_CASE("an agent is welcomed with its boards, and hears of new ones", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Hello();
  const auto welcome = agent.Next();
  REQUIRE(welcome.has_welcome());
  CHECK(welcome.welcome().device_id() == f.enrolled.device_id());
  CHECK(welcome.welcome().heartbeat_interval_ms() == 5000);
  CHECK(welcome.welcome().configuration().boards().empty());

  v1::CreateControllerRequest board;
  board.set_device_id(f.enrolled.device_id());
  board.set_port("/dev/ttyUSB0");
  board.set_controller_address(4);
  v1::Controller made;
  Call installer(f.Token(TwoChains::Staff(f.haifa, Role::kInstaller)));
  REQUIRE(f.boards_stub->CreateController(&installer, board, &made).ok());

  // The listener's first connection may repeat what the welcome said.
  v1::ControlResponse configured = agent.Next();
  while (configured.configuration().boards().empty()) configured = agent.Next();
  CHECK(configured.configuration().boards(0).controller_id() == made.id());
  CHECK(configured.configuration().boards(0).address() == 4);
}

TEST_CASE("the first message must be Hello, and it must be a good one", "[api]") {
  AgentFixture f;
  Agent rude(f, f.token);
  v1::ControlRequest beat;
  beat.mutable_heartbeat()->set_boot_clock_ms(1);
  rude.stream->Write(beat);
  CHECK(absl::IsInvalidArgument(rude.End()));

  Agent confused(f, f.token);
  confused.Hello("not an epoch");
  CHECK_REFUSED(confused.End(), "INVALID_FIELD");
}

TEST_CASE("a stream without a good device token does not begin", "[api]") {
  AgentFixture f;
  const auto again = f.Register();
  REQUIRE_OK(again);
  Agent replaced(f, f.token);
  replaced.Hello();
  CHECK_REFUSED(replaced.End(), "BAD_TOKEN");
  Agent staff(f, f.Token(TwoChains::Staff(f.haifa, Role::kOwner)));
  CHECK_REFUSED(staff.End(), "NOT_ALLOWED");
  Agent nonsense(f, "nonsense");
  CHECK_REFUSED(nonsense.End(), "BAD_TOKEN");
}

TEST_CASE("a stream ends when the token that opened it has run out", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Greet();

  f.clock.Advance(absl::Hours(24 * 31));

  CHECK_REFUSED(agent.End(), "TOKEN_RAN_OUT");
  Agent back(f, f.token);
  CHECK_REFUSED(back.End(), "BAD_TOKEN");
}

TEST_CASE("so does a stream of uploads", "[api]") {
  AgentFixture f;
  Call call(f.token);
  call.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const auto uploads = f.agents->Upload(&call);
  v1::UploadRequest batch;
  auto& event = *batch.add_events();
  event.set_event_id(NewUuid());
  event.set_event_type("agent.health");
  v1::UploadResponse answer;
  uploads->Write(batch);
  REQUIRE(uploads->Read(&answer));

  f.clock.Advance(absl::Hours(24 * 31));
  uploads->Write(batch);

  REQUIRE_FALSE(uploads->Read(&answer));
  CHECK_GRPC_REFUSED(uploads->Finish(), "TOKEN_RAN_OUT");
}

TEST_CASE("a newer stream replaces the older one", "[api]") {
  AgentFixture f;
  Agent older(f, f.token);
  older.Hello();
  REQUIRE(older.Next().has_welcome());
  Agent newer(f, f.token);
  newer.Hello();
  REQUIRE(newer.Next().has_welcome());

  const absl::Status ended = older.End();
  CHECK(absl::IsAborted(ended));
  CHECK(ended.message() == "REPLACED");
  CHECK(f.Stored(DeviceId(f.enrolled.device_id())).status == Status::kOnline);
}

TEST_CASE("a second claim ends the stream and keeps it away", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Greet();

  CHECK_REFUSED(f.Register(), "DEVICE_ALREADY_CLAIMED");

  CHECK(absl::IsAborted(agent.End()));
  Agent back(f, f.token);
  back.Hello();
  CHECK_REFUSED(back.End(), "DEVICE_QUARANTINED");
}

TEST_CASE("events are acknowledged once they are taken", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Greet();
  agent.Tell(41);
  agent.Tell(42, "unreadable");

  int64_t committed = 0;
  while (committed < 42) committed = std::max(committed, agent.Next().events_committed());
  CHECK(f.taker.taken == 1);
}

TEST_CASE("a result that could not be stored is not taken for one that was never told", "[api]") {
  AgentFixture f;
  {
    Agent former(f, f.token);
    former.Greet();
    REQUIRE_OK(f.log.Begin(f.unlock, f.CurrentStream(), absl::InfiniteFuture(), [] {}));
  }
  // The agent was restarted; it has the result of its former life, and its word is stopped.
  Agent agent(f, f.token);
  agent.Greet(kNextEpoch);
  const auto keeper = pg::Connection::Open(f.server.SuperUrl()).value();
  REQUIRE_OK(keeper->Raw("BEGIN"));
  REQUIRE_OK(keeper->Raw("SELECT FROM device.commands FOR UPDATE"));
  agent.Succeed(f.unlock.id.value());
  agent.CatchUp();
  f.server.AwaitLockWaits();
  f.server.Sql(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  CHECK(agent.End().code() == absl::StatusCode::kUnavailable);
  REQUIRE_OK(keeper->Raw("ROLLBACK"));

  f.lanes.Finish();
  CHECK(f.StateOf(f.unlock) == CommandState::kSent);
}

TEST_CASE("what a waiting service has heard is on record before CaughtUp", "[api]") {
  AgentFixture f;
  absl::Status heard;
  std::thread service;
  {
    Agent former(f, f.token);
    former.Greet();
    service = std::thread([&] { heard = f.Execute(f.unlock, CommandState::kSucceeded); });
    former.NextOrder();
  }
  // The agent was restarted: CaughtUp would drop what is not on record yet.
  Agent agent(f, f.token);
  agent.Greet(kNextEpoch);
  agent.Succeed(f.unlock.id.value());
  agent.CatchUp();
  service.join();
  REQUIRE_OK(heard);

  while (agent.Next().result_committed() != f.unlock.id.value()) continue;
  CHECK(f.StateOf(f.unlock) == CommandState::kSucceeded);
  CHECK(f.Count("device.outbox WHERE type = 'command.settled'") == 0);
}

TEST_CASE("CaughtUp waits for what the events before it prove", "[api]") {
  HeldTaker held;
  AgentFixture f;
  {
    Agent former(f, f.token);
    former.Greet();
    REQUIRE_OK(f.log.Begin(f.unlock, f.CurrentStream(), absl::InfiniteFuture(), [] {}));
  }
  f.takers.push_back(&held);
  // The lights went out: the agent knows nothing of the order, and its sweep tells of the lock.
  Agent agent(f, f.token);
  agent.Greet(kNextEpoch);
  agent.Tell(1);
  agent.CatchUp();
  agent.Tell(2);
  while (f.taker.taken < 2) std::this_thread::yield();

  // CaughtUp has come, and what it would have posted has run.
  std::promise<void> later;
  f.lanes.PostAfter(f.key.device.value(), absl::Milliseconds(20), [&] { later.set_value(); });
  later.get_future().wait();
  CHECK(f.StateOf(f.unlock) == CommandState::kSent);

  held.LetGo();
  while (f.StateOf(f.unlock) == CommandState::kSent) std::this_thread::yield();
  CHECK(f.StateOf(f.unlock) == CommandState::kDropped);
}

TEST_CASE("a service hears that the agent's word is near if it asks, once", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Greet();
  const bool asks = GENERATE(true, false);
  v1::ExecuteRequest request;
  request.set_command_id(f.unlock.id.value());
  request.set_chain_id(f.key.chain.value());
  request.set_device_id(f.key.device.value());
  request.set_kind(f.unlock.kind);
  request.set_ttl_ms(60'000);
  request.set_tell_when_proving(asks);
  grpc::ClientContext context;
  const auto said = f.execution_stub->Execute(&context, request);
  agent.NextOrder();

  v1::Command command;
  for (int i = 0; i < 2; ++i) agent.Prove(f.unlock.id.value());
  if (asks) {
    REQUIRE(said->Read(&command));
    CHECK(command.state() == v1::Command::SENT);
    agent.Prove(f.unlock.id.value());
  }
  agent.Succeed(f.unlock.id.value());

  REQUIRE(said->Read(&command));
  CHECK(command.state() == v1::Command::SUCCEEDED);
  CHECK_FALSE(said->Read(&command));
  CHECK(said->Finish().ok());
}

TEST_CASE("an order is signed under the number that it got", "[api]") {
  AgentFixture f;
  Agent agent(f, f.token);
  agent.Greet();
  const StreamId stream = f.CurrentStream();
  // The next one is signed while it is numbered, under the number that is expected.
  for (const int64_t seq : {1, 2, 4, 5}) {
    if (seq == 4) REQUIRE_OK(f.log.Begin(f.Unlock(), stream, absl::InfiniteFuture(), [] {}));
    const NewCommand wanted = f.Unlock();
    absl::Status heard;
    std::thread service([&] { heard = f.Execute(wanted, CommandState::kSucceeded); });
    const v1::SignedOrder proven = agent.NextOrder();
    agent.Succeed(wanted.id.value());
    service.join();
    REQUIRE_OK(heard);
    CHECK(f.public_keys.Verify(proven.key_id(), proven.order(), proven.signature()));
    v1::Order order;
    REQUIRE(order.ParseFromString(proven.order()));
    CHECK(order.command_id() == wanted.id.value());
    CHECK(order.seq() == seq);
  }
}

}  // namespace
}  // namespace cartwise::device
