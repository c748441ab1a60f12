#pragma once

#include <csignal>

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

/// The service over gRPC, in one process: streams, handlers, guard, use cases, store.
namespace cartwise::device {

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

// Takes events once the test lets go of them.
class HeldTaker final : public EventTaker {
 public:
  const std::string& name() const override { return name_; }
  void Take(std::shared_ptr<const events::v1::DeliverRequest>, Done done) override {
    std::lock_guard lock(mutex_);
    if (free_) return done(absl::OkStatus());
    waiting_.push_back(std::move(done));
  }
  void LetGo() {
    std::vector<Done> waiting;
    {
      std::lock_guard lock(mutex_);
      free_ = true;
      waiting.swap(waiting_);
    }
    for (const Done& done : waiting) done(absl::OkStatus());
  }

 private:
  const std::string name_ = "held";
  std::mutex mutex_;
  bool free_ = false;
  std::vector<Done> waiting_;
};

// telemetry-svc that takes everything.
class FakeIngest final : public telemetry::v1::TelemetryIngestService::Service {
  grpc::Status Ingest(grpc::ServerContext*, const telemetry::v1::IngestRequest*,
                      telemetry::v1::IngestResponse*) override {
    return grpc::Status::OK;
  }
};

struct Served : TwoChains {
  auth::SigningKey device_key = auth::NewTestKey("device-test");
  auth::SigningKey tenant_key = auth::NewTestKey("tenant-test");
  auth::TokenVerifier verifier{auth::KeySet::FromPem({{device_key.id(), device_key.PublicPem()},
                                                      {tenant_key.id(), tenant_key.PublicPem()}})
                                   .value(),
                               clock};
  rpc::Guard guard{verifier, server.metrics};
  ObsWatch watch{server.metrics};
  auth::KeySet public_keys =
      auth::KeySet::FromPem({{device_key.id(), device_key.PublicPem()}}).value();
  OrderKeys order_keys{auth::Signing(device_key), [this] { return public_keys; }};
  SignedTokens signed_tokens{auth::Signing(device_key), clock};
  Devices signed_devices{signed_tokens, clock};
  FakeDirectory directory{haifa};
  Registration registration{directory, database, signed_devices};
  LinkRegistry registry;
  Commands commands{{log, database, registry, clock, self, [] {}}};
  FakeTaker taker;
  Lanes lanes{2};
  BoardWatcher boards{streams, lanes};
  std::vector<EventTaker*> takers = {&taker, &boards};
  StreamParts parts{streams, commands, registry, takers, order_keys, clock, lanes, watch, [] {}};
  Clockwork clockwork{parts, log};
  pg::Listener listener{server.UrlOf("device"), ChannelOf(self),
                        [this](const std::string& text) { clockwork.Hear(text); },
                        [this] { clockwork.CatchUp(); }};

  DevicesRpc devices_rpc{{guard,
                          database,
                          signed_devices,
                          streams,
                          registration,
                          clock,
                          {"broker", 1883, order_keys},
                          [] {}}};
  ControllersRpc controllers_rpc{guard, database, controllers, signed_devices, [] {}};
  StaffCommands staff_commands{database, commands, clock, SameJson};
  CommandsRpc commands_rpc{guard, database, staff_commands};
  CommandExecutionRpc execution_rpc{guard, commands};
  FakeIngest ingest;
  std::unique_ptr<grpc::Server> ingest_server =
      grpc::ServerBuilder().RegisterService(&ingest).BuildAndStart();
  AgentStreams agent_streams{guard, parts, ingest_server->InProcessChannel({})};
  auth::TestCertificates certificates;
  std::unique_ptr<rpc::StreamServer> streams_server =
      rpc::StreamServer::Start("127.0.0.1:0", FilesOf("device-svc"), agent_streams.Methods())
          .value();
  // Other services are told by their certificates.
  std::unique_ptr<rpc::Server> services_server =
      rpc::Server::Start({.listen = "127.0.0.1:0", .tls = FilesOf("device-svc")}, {&execution_rpc})
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
  std::unique_ptr<v1::CommandExecutionService::Stub> execution_stub =
      v1::CommandExecutionService::NewStub(
          rpc::Connect("127.0.0.1:" + std::to_string(services_server->port()), "device-svc",
                       FilesOf("rental-svc")));

  rpc::TlsFiles FilesOf(const std::string& name) const {
    const auto files = certificates.Of(name);
    return {files.ca, files.cert, files.key};
  }
  ~Served() {
    grpc_server->Shutdown(std::chrono::system_clock::now());
    streams_server.reset();
    lanes.Finish();
  }

  std::string Token(const Caller& caller) {
    return auth::IssueToken(tenant_key, caller, clock.Now(), absl::Minutes(15));
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
  void Greet(const std::string& epoch = kEpoch) {
    Hello(epoch);
    REQUIRE(Next().has_welcome());
  }
  void Tell(int64_t seq, const std::string& id = NewUuid()) {
    v1::ControlRequest message;
    auto& event = *message.mutable_event();
    event.set_event_id(id);
    event.set_journal_seq(seq);
    event.set_type("lock.closed");
    event.set_agent_epoch(kEpoch);
    stream->Write(message);
  }
  void Prove(const std::string& command) {
    v1::ControlRequest near;
    near.mutable_proving()->set_command_id(command);
    stream->Write(near);
  }
  void Succeed(const std::string& command) {
    v1::ControlRequest report;
    report.mutable_result()->set_command_id(command);
    report.mutable_result()->set_outcome(v1::CommandResult::SUCCEEDED);
    stream->Write(report);
  }
  void CatchUp() {
    v1::ControlRequest caught_up;
    caught_up.mutable_caught_up();
    stream->Write(caught_up);
  }
  v1::SignedOrder NextOrder() {
    v1::ControlResponse message = Next();
    while (!message.has_order()) message = Next();
    return message.order();
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

}  // namespace cartwise::device
