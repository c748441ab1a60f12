// The service over gRPC, in one process: streams, handlers, guard, use cases, store.
#include <csignal>
#include <deque>

#include <grpcpp/grpcpp.h>

#include "adapters/obs_watch.hpp"
#include "adapters/signed_tokens.hpp"
#include "api/agent_streams.hpp"
#include "api/board_watcher.hpp"
#include "api/clockwork.hpp"
#include "api/commands_rpc.hpp"
#include "api/controllers_rpc.hpp"
#include "api/devices_rpc.hpp"
#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "cartwise/pg/connection.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/stream_server.hpp"
#include "storage/fixture_pgtest.hpp"

namespace cartwise::device {
namespace {

class FakeDirectory final : public BranchDirectory {
 public:
  explicit FakeDirectory(EnrolledBranch branch) : branch_(std::move(branch)) {}
  absl::StatusOr<EnrolledBranch> Redeem(const std::string& key, const std::string&,
                                        const Caller&) override {
    if (key == "good") return branch_;
    return errors::Refuse(absl::StatusCode::kUnauthenticated, "ENROLLMENT_KEY_INVALID", "no");
  }

 private:
  const EnrolledBranch branch_;
};

// Takes every event at once.
class FakeTaker final : public EventTaker {
 public:
  const std::string& name() const override { return name_; }
  void Take(std::shared_ptr<const events::v1::DeliverRequest> batch, Done done) override {
    taken += batch->events_size();
    done(absl::OkStatus());
  }
  std::atomic<int> taken = 0;

 private:
  const std::string name_ = "taker";
};

struct Served : TwoChains {
  auth::SigningKey device_key = auth::NewTestKey("device-test");
  auth::SigningKey tenant_key = auth::NewTestKey("tenant-test");
  SystemClock real;
  auth::TokenVerifier verifier{auth::KeySet::FromPem({{device_key.id(), device_key.PublicPem()},
                                                      {tenant_key.id(), tenant_key.PublicPem()}})
                                   .value(),
                               real};
  rpc::Guard guard{verifier, server.metrics};
  ObsWatch watch{server.metrics};
  auth::KeySet public_keys =
      auth::KeySet::FromPem({{device_key.id(), device_key.PublicPem()}}).value();
  OrderKeys order_keys{auth::Signing(device_key), [this] { return public_keys; }};
  SignedTokens signed_tokens{auth::Signing(device_key), real};
  Devices signed_devices{signed_tokens, real};
  FakeDirectory directory{haifa};
  Registration registration{directory, database, signed_devices};
  LinkRegistry registry;
  Commands commands{{log, database, registry, real, self, [] {}}};
  FakeTaker taker;
  Lanes lanes{2};
  BoardWatcher boards{streams, lanes};
  std::vector<EventTaker*> takers = {&taker, &boards};
  StreamParts parts{streams, commands, registry, takers, order_keys, real, lanes, watch, [] {}};
  Clockwork clockwork{parts, log};
  pg::Listener listener{server.UrlOf("device"), ChannelOf(self),
                        [this](const std::string& text) { clockwork.Hear(text); },
                        [this] { clockwork.CatchUp(); }};

  DevicesRpc devices_rpc{{guard,
                          database,
                          signed_devices,
                          streams,
                          registration,
                          real,
                          {"broker", 1883, order_keys},
                          [] {}}};
  ControllersRpc controllers_rpc{guard, database, controllers, signed_devices, [] {}};
  StaffCommands staff_commands{database, commands, real, SameJson};
  CommandsRpc commands_rpc{guard, database, staff_commands};
  // Nobody uploads here.
  AgentStreams agent_streams{
      guard, parts, grpc::CreateChannel("127.0.0.1:1", grpc::InsecureChannelCredentials())};
  auth::TestCertificates certificates;
  std::unique_ptr<rpc::StreamServer> streams_server =
      rpc::StreamServer::Start("127.0.0.1:0", FilesOf("device-svc"), agent_streams.Methods())
          .value();
  int port = 0;
  std::unique_ptr<grpc::Server> grpc_server = Start();
  // Over a real connection: how streams end depends on it.
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  std::unique_ptr<v1::DeviceService::Stub> devices_stub = v1::DeviceService::NewStub(channel);
  std::unique_ptr<v1::ControllerService::Stub> boards_stub =
      v1::ControllerService::NewStub(channel);
  std::unique_ptr<v1::CommandService::Stub> commands_stub = v1::CommandService::NewStub(channel);
  std::unique_ptr<v1::AgentService::Stub> agents = v1::AgentService::NewStub(rpc::Connect(
      "127.0.0.1:" + std::to_string(streams_server->port()), "device-svc", FilesOf("gateway-svc")));

  rpc::TlsFiles FilesOf(const std::string& name) const {
    const auto files = certificates.Of(name);
    return {files.ca, files.cert, files.key};
  }
  ~Served() {
    grpc_server->Shutdown(std::chrono::system_clock::now());
    streams_server.reset();
    lanes.Finish();
  }

  static NewCommand Unlock(const DeviceKey& device) {
    NewCommand unlock{.id = CommandId::New(), .chain = device.chain, .device = device.device};
    unlock.kind = "lock.unlock";
    unlock.requested_by = "service:rental-svc";
    unlock.ttl = absl::Seconds(60);
    return unlock;
  }
  std::string Token(const Caller& caller) {
    return auth::IssueToken(tenant_key, caller, real.Now(), absl::Minutes(15));
  }
  absl::StatusOr<v1::RegisterDeviceResponse> Register(const std::string& key = "good") {
    v1::RegisterDeviceRequest req;
    req.set_enrollment_key(key);
    req.set_mac_address("02:00:00:00:00:AA");
    v1::RegisterDeviceResponse out;
    grpc::ClientContext call;
    const auto done = devices_stub->RegisterDevice(&call, req, &out);
    if (!done.ok()) return rpc::FromGrpc(done);
    return out;
  }

 private:
  std::unique_ptr<grpc::Server> Start() {
    std::signal(SIGPIPE, SIG_IGN);  // as process::Begin has it
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    for (grpc::Service* service :
         std::initializer_list<grpc::Service*>{&devices_rpc, &controllers_rpc, &commands_rpc}) {
      builder.RegisterService(service);
    }
    return builder.BuildAndStart();
  }
};

// An agent that does what the test says.
struct Agent {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ControlRequest, v1::ControlResponse>> stream;

  Agent(Served& f, const std::string& token) {
    context.AddMetadata("authorization", "Bearer " + token);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stream = f.agents->Control(&context);
  }
  ~Agent() { context.TryCancel(); }

  void Hello(const std::string& epoch = kEpoch) {
    v1::ControlRequest hello;
    hello.mutable_hello()->set_agent_epoch(epoch);
    hello.mutable_hello()->set_boot_clock_ms(1'000'000);
    stream->Write(hello);
  }
  v1::ControlResponse Next() {
    v1::ControlResponse message;
    CHECK(stream->Read(&message));
    return message;
  }
  absl::Status End() {
    v1::ControlResponse message;
    while (stream->Read(&message)) {
    }
    return rpc::FromGrpc(stream->Finish());
  }
};

struct Call : grpc::ClientContext {
  explicit Call(const std::string& token, const std::string& key = "") {
    AddMetadata("authorization", "Bearer " + token);
    if (!key.empty()) AddMetadata("idempotency-key", key);
  }
};

#define CHECK_GRPC_REFUSED(call, reason) CHECK_REFUSED(rpc::FromGrpc(call), reason)

TEST_CASE("an enrolment answers as the field program expects", "[api]") {
  Served f;
  const auto answer = f.Register();
  REQUIRE_OK(answer);
  CHECK(answer->mqtt_config().topic() == "cartwise/rami-levi/haifa/devices/" + answer->device_id());
  CHECK(answer->mqtt_config().port() == 1883);
  CHECK(answer->chain_id() == f.haifa.chain.value());
  CHECK(answer->order_keys().at("device-test") == f.device_key.PublicPem());
  CHECK(f.Count("device.devices WHERE token_hash = '" + answer->device_token() + "'") == 0);
  CHECK_REFUSED(f.Register("bad"), "ENROLLMENT_KEY_INVALID");
}

TEST_CASE("an agent is welcomed with its boards, and hears of new ones", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  const auto welcome = agent.Next();
  REQUIRE(welcome.has_welcome());
  CHECK(welcome.welcome().device_id() == enrolled->device_id());
  CHECK(welcome.welcome().heartbeat_interval_ms() == 5000);
  CHECK(welcome.welcome().configuration().boards().empty());

  v1::CreateControllerRequest board;
  board.set_device_id(enrolled->device_id());
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
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent rude(f, enrolled->device_token());
  v1::ControlRequest beat;
  beat.mutable_heartbeat()->set_boot_clock_ms(1);
  rude.stream->Write(beat);
  CHECK(absl::IsInvalidArgument(rude.End()));

  Agent confused(f, enrolled->device_token());
  confused.Hello("not an epoch");
  CHECK_REFUSED(confused.End(), "INVALID_FIELD");
}

TEST_CASE("a stream without a good device token does not begin", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const auto again = f.Register();
  REQUIRE_OK(again);
  Agent replaced(f, enrolled->device_token());
  replaced.Hello();
  CHECK_REFUSED(replaced.End(), "BAD_TOKEN");
  Agent staff(f, f.Token(TwoChains::Staff(f.haifa, Role::kOwner)));
  CHECK_REFUSED(staff.End(), "NOT_ALLOWED");
  Agent nonsense(f, "nonsense");
  CHECK_REFUSED(nonsense.End(), "BAD_TOKEN");
}

TEST_CASE("a newer stream replaces the older one", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent older(f, enrolled->device_token());
  older.Hello();
  REQUIRE(older.Next().has_welcome());
  Agent newer(f, enrolled->device_token());
  newer.Hello();
  REQUIRE(newer.Next().has_welcome());

  const absl::Status ended = older.End();
  CHECK(absl::IsAborted(ended));
  CHECK(ended.message() == "REPLACED");
  CHECK(f.Stored(DeviceId(enrolled->device_id())).status == Status::kOnline);
}

TEST_CASE("a second claim ends the stream and keeps it away", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  REQUIRE(agent.Next().has_welcome());

  CHECK_REFUSED(f.Register(), "DEVICE_ALREADY_CLAIMED");

  CHECK(absl::IsAborted(agent.End()));
  Agent back(f, enrolled->device_token());
  back.Hello();
  CHECK_REFUSED(back.End(), "DEVICE_QUARANTINED");
}

TEST_CASE("events are acknowledged once they are taken", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  REQUIRE(agent.Next().has_welcome());
  v1::ControlRequest message;
  auto& event = *message.mutable_event();
  event.set_event_id(NewUuid());
  event.set_journal_seq(41);
  event.set_type("lock.closed");
  event.set_agent_epoch(kEpoch);
  agent.stream->Write(message);
  event.set_event_id("unreadable");
  event.set_journal_seq(42);
  agent.stream->Write(message);

  int64_t committed = 0;
  while (committed < 42) committed = std::max(committed, agent.Next().events_committed());
  CHECK(f.taker.taken == 1);
}

TEST_CASE("a command of staff goes to the agent and comes back with its proof", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  REQUIRE(agent.Next().has_welcome());
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kInstaller));
  v1::CreateCommandRequest req;
  req.set_device_id(enrolled->device_id());
  req.set_kind("lock.unlock");
  req.set_purpose("a test");
  (*req.mutable_arguments()->mutable_fields())["lock"].set_number_value(3);
  v1::Command done;
  grpc::Status status;
  std::thread caller([&] {
    Call call(token, "once");
    status = f.commands_stub->CreateCommand(&call, req, &done);
  });

  v1::ControlResponse message = agent.Next();
  while (!message.has_order()) message = agent.Next();
  v1::Order order;
  REQUIRE(order.ParseFromString(message.order().order()));
  CHECK(order.arguments().fields().at("lock").number_value() == 3);
  CHECK(order.not_after_ms() > 1'000'000);
  v1::ControlRequest report;
  report.mutable_result()->set_command_id(order.command_id());
  report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
  (*report.mutable_result()->mutable_seen()->mutable_fields())["pulses"].set_number_value(1);
  agent.stream->Write(report);
  caller.join();

  REQUIRE_OK(rpc::FromGrpc(status));
  CHECK(done.state() == v1::Command::SUCCEEDED);
  CHECK(done.attempts() == 1);
  CHECK(agent.Next().result_committed() == order.command_id());

  v1::Command again;
  Call repeat(token, "once");
  REQUIRE_OK(rpc::FromGrpc(f.commands_stub->CreateCommand(&repeat, req, &again)));
  CHECK(again.id() == done.id());
  (*req.mutable_arguments()->mutable_fields())["lock"].set_number_value(4);
  Call other(token, "once");
  CHECK_GRPC_REFUSED(f.commands_stub->CreateCommand(&other, req, &again), "IDEMPOTENCY_KEY_REUSED");
  CHECK(f.Count("device.commands") == 1);

  // What a person opens is in the audit log twice: before it is sent, and how it ended.
  const std::string deeds =
      "device.outbox WHERE subject = '" + done.id() + "' AND audit IS NOT NULL";
  CHECK(f.Count(deeds) == 2);
  CHECK(f.Count(deeds + " AND type = 'command.requested' AND audit->>'role' = 'INSTALLER' AND "
                        "audit->>'reason' = 'lock.unlock: a test'") == 1);
  CHECK(f.Count(deeds + " AND type = 'command.settled' AND audit->>'actor' LIKE 'user:%' AND "
                        "audit->>'reason' = 'SUCCEEDED'") == 1);
}

TEST_CASE("a result that could not be stored is not taken for one that was never told", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const DeviceKey key{f.haifa.chain, DeviceId(enrolled->device_id())};
  const NewCommand unlock = f.Unlock(key);
  const auto stream_of = [&] {
    return f.Do(TwoChains::Service(), [&](Store& store) { return store.CurrentStream(key); });
  };
  {
    Agent former(f, enrolled->device_token());
    former.Hello();
    REQUIRE(former.Next().has_welcome());
    REQUIRE_OK(f.log.Begin(unlock, *stream_of(), absl::InfiniteFuture(), [] {}));
  }
  // The agent was restarted; it has the result of its former life, and its word is stopped.
  Agent agent(f, enrolled->device_token());
  agent.Hello("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
  REQUIRE(agent.Next().has_welcome());
  const auto keeper = pg::Connection::Open(f.server.SuperUrl()).value();
  REQUIRE_OK(keeper->Raw("BEGIN"));
  REQUIRE_OK(keeper->Raw("SELECT FROM device.commands FOR UPDATE"));
  v1::ControlRequest report, caught_up;
  report.mutable_result()->set_command_id(unlock.id.value());
  report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
  caught_up.mutable_caught_up();
  agent.stream->Write(report);
  agent.stream->Write(caught_up);
  f.server.AwaitLockWaits();
  f.server.Sql(
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
  CHECK(agent.End().code() == absl::StatusCode::kUnavailable);
  REQUIRE_OK(keeper->Raw("ROLLBACK"));

  f.lanes.Finish();
  const auto stored = f.log.Find(key.chain, unlock.id, absl::InfiniteFuture());
  REQUIRE_OK(stored);
  CHECK((*stored)->state == CommandState::kSent);
}

TEST_CASE("what a waiting service has heard is on record before CaughtUp", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const DeviceKey key{f.haifa.chain, DeviceId(enrolled->device_id())};
  const NewCommand unlock = f.Unlock(key);
  absl::StatusOr<Command> heard;
  std::thread service;
  {
    Agent former(f, enrolled->device_token());
    former.Hello();
    REQUIRE(former.Next().has_welcome());
    service = std::thread(
        [&] { heard = f.commands.Execute(TwoChains::Service(), unlock, TellWhen::kSaid); });
    while (!former.Next().has_order()) continue;
  }
  // The agent was restarted: CaughtUp would drop what is not on record yet.
  Agent agent(f, enrolled->device_token());
  agent.Hello("bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
  REQUIRE(agent.Next().has_welcome());
  v1::ControlRequest report, caught_up;
  report.mutable_result()->set_command_id(unlock.id.value());
  report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
  caught_up.mutable_caught_up();
  agent.stream->Write(report);
  agent.stream->Write(caught_up);
  service.join();
  REQUIRE_OK(heard);
  CHECK(heard->state == CommandState::kSucceeded);

  while (agent.Next().result_committed() != unlock.id.value()) continue;
  const auto stored = f.log.Find(key.chain, unlock.id, absl::InfiniteFuture());
  REQUIRE_OK(stored);
  CHECK((*stored)->state == CommandState::kSucceeded);
  CHECK(f.Count("device.outbox WHERE type = 'command.settled'") == 0);
}

TEST_CASE("an order is signed under the number that it got", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const DeviceKey key{f.haifa.chain, DeviceId(enrolled->device_id())};
  Agent agent(f, enrolled->device_token());
  agent.Hello();
  REQUIRE(agent.Next().has_welcome());
  const auto stream =
      f.Do(TwoChains::Service(), [&](Store& store) { return store.CurrentStream(key); });
  REQUIRE_OK(stream);
  // The next one is signed while it is numbered, under the number that is expected.
  for (const int64_t seq : {1, 2, 4, 5}) {
    if (seq == 4) REQUIRE_OK(f.log.Begin(f.Unlock(key), *stream, absl::InfiniteFuture(), [] {}));
    const NewCommand wanted = f.Unlock(key);
    std::thread service(
        [&] { CHECK(f.commands.Execute(TwoChains::Service(), wanted, TellWhen::kSaid).ok()); });
    v1::ControlResponse message = agent.Next();
    while (!message.has_order()) message = agent.Next();
    const v1::SignedOrder& proven = message.order();
    CHECK(f.public_keys.Verify(proven.key_id(), proven.order(), proven.signature()));
    v1::Order order;
    REQUIRE(order.ParseFromString(proven.order()));
    CHECK(order.command_id() == wanted.id.value());
    CHECK(order.seq() == seq);
    v1::ControlRequest report;
    report.mutable_result()->set_command_id(order.command_id());
    report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
    agent.stream->Write(report);
    service.join();
  }
}

TEST_CASE("a bad command is refused with nothing written", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kInstaller));
  const auto create = [&](auto spoil, const std::string& as) {
    v1::CreateCommandRequest req;
    req.set_device_id(enrolled->device_id());
    req.set_kind("lock.unlock");
    req.set_purpose("a test");
    spoil(req);
    v1::Command out;
    Call call(as);
    return f.commands_stub->CreateCommand(&call, req, &out);
  };
  CHECK_GRPC_REFUSED(create([](auto&) {}, token), "DEVICE_OFFLINE");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_purpose(""); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_kind("open all"); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto& req) { req.set_ttl_ms(99); }, token), "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create(
                         [](auto& req) {
                           (*req.mutable_arguments()->mutable_fields())["x"].set_string_value(
                               std::string("\0", 1));
                         },
                         token),
                     "INVALID_FIELD");
  CHECK_GRPC_REFUSED(create([](auto&) {}, f.Token(TwoChains::Staff(f.tel_aviv, Role::kOwner))),
                     "DEVICE_NOT_FOUND");
  CHECK_GRPC_REFUSED(create([](auto&) {}, f.Token(TwoChains::Staff(f.haifa, Role::kViewer))),
                     "NOT_ALLOWED");
  CHECK(f.Count("device.commands") == 0);
  // The first one was wanted, and nobody was there to do it.
  CHECK(f.Events("command.requested") == 1);
}

TEST_CASE("a list is read page by page", "[api]") {
  Served f;
  for (int i = 1; i <= 5; ++i) f.Enrolled(f.haifa, "02:00:00:00:00:0" + std::to_string(i));
  const std::string token = f.Token(TwoChains::Staff(f.haifa, Role::kViewer));
  std::vector<std::string> names;
  v1::ListDevicesRequest req;
  req.set_page_size(2);
  do {
    v1::ListDevicesResponse page;
    Call call(token);
    REQUIRE(f.devices_stub->ListDevices(&call, req, &page).ok());
    for (const auto& device : page.devices()) names.push_back(device.device_name());
    CHECK(page.devices_size() <= 2);
    req.set_page_token(page.next_page_token());
  } while (!req.page_token().empty());
  CHECK(names.size() == 5);
  CHECK(std::is_sorted(names.begin(), names.end()));
}

TEST_CASE("a device sees itself with its own token, and no other", "[api]") {
  Served f;
  const auto enrolled = f.Register();
  REQUIRE_OK(enrolled);
  const Device other = f.Enrolled(f.haifa);
  v1::GetDeviceRequest req;
  v1::Device out;
  req.set_id(enrolled->device_id());
  Call own(enrolled->device_token());
  CHECK(f.devices_stub->GetDevice(&own, req, &out).ok());
  req.set_id(other.id.value());
  Call foreign(enrolled->device_token());
  CHECK_GRPC_REFUSED(f.devices_stub->GetDevice(&foreign, req, &out), "DEVICE_NOT_FOUND");

  // The token is signed well and not the current one any more.
  REQUIRE_OK(f.Register());
  req.set_id(enrolled->device_id());
  Call stale(enrolled->device_token());
  CHECK_GRPC_REFUSED(f.devices_stub->GetDevice(&stale, req, &out), "BAD_TOKEN");
}

}  // namespace
}  // namespace cartwise::device
