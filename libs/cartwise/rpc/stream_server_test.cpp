#include "cartwise/rpc/stream_server.hpp"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>
#include <vector>

#include <absl/synchronization/mutex.h>
#include <absl/synchronization/notification.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <catch2/catch.hpp>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "cartwise/http2/raw_client.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::rpc {
namespace {

namespace v1 = device::v1;
using http2::RawClient;

constexpr char kControl[] = "/cartwise.device.v1.AgentService/Control";

/// The service's end of a stream: answers each message with its clock, but for what the test wants.
class Service final : public BidiReactor<v1::ControlRequest, v1::ControlResponse> {
 public:
  explicit Service(bool reads) : reads_(reads) {}

  void OnBegin() override {
    if (reads_) Read();
  }
  void OnMessage(v1::ControlRequest message) override {
    v1::ControlResponse answer;
    answer.set_events_committed(message.heartbeat().boot_clock_ms());
    Write(answer);
    Read();
  }
  void OnEnd() override {
    Finish(ToGrpc(errors::Refuse(absl::StatusCode::kAborted, "REPLACED", "100 % neu: größer")));
  }
  void OnWritten() override { ++written; }
  void OnGone() override { gone.Notify(); }

  std::atomic<int> written = 0;
  absl::Notification gone;

 private:
  const bool reads_;
};

struct Fixture {
  auth::TestCertificates certificates;
  bool reads = true;
  absl::Status admission;
  CallContext::Metadata::size_type metadata_count = 0;
  std::string authorization, peer;
  absl::Mutex mutex;
  std::vector<std::shared_ptr<Service>> services;
  std::unique_ptr<StreamServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::AgentService::Stub> stub;

  TlsFiles FilesOf(const std::string& name) const {
    const auto files = certificates.Of(name);
    return {files.ca, files.cert, files.key};
  }

  void Start(const http2::Limits& limits = StreamLimits()) {
    auto started = StreamServer::Start(
        "127.0.0.1:0", FilesOf("device-svc"),
        {{kControl, [this](const CallContext& c) { return Begin(c); }}}, limits);
    REQUIRE_OK(started);
    server = *std::move(started);
    channel = To(FilesOf("gateway-svc"));
    stub = v1::AgentService::NewStub(channel);
  }
  std::shared_ptr<grpc::Channel> To(const TlsFiles& own) const {
    return Connect("127.0.0.1:" + std::to_string(server->port()), "device-svc", own);
  }
  RawClient Raw() const {
    const auto own = FilesOf("gateway-svc");
    return RawClient(server->port(), own.ca, own.cert, own.key);
  }

  absl::StatusOr<std::shared_ptr<StreamReactor>> Begin(const CallContext& call) {
    if (!admission.ok()) return admission;
    auto service = std::make_shared<Service>(reads);
    const absl::MutexLock lock(&mutex);
    authorization = ValueIn(call.metadata(), "authorization").value_or("");
    peer = call.PeerName();
    services.push_back(service);
    return service;
  }
  /// That of the stream that was begun first.
  Service& First() {
    const absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(
        +[](Fixture* f) { return !f->services.empty(); }, this));
    return *services.front();
  }
};

/// A client of gRPC's own.
struct Client {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ControlRequest, v1::ControlResponse>> stream;

  explicit Client(Fixture& f) {
    context.AddMetadata("authorization", "Bearer token");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stream = f.stub->Control(&context);
  }
  ~Client() { context.TryCancel(); }

  bool Say(int64_t clock) {
    v1::ControlRequest message;
    message.mutable_heartbeat()->set_boot_clock_ms(clock);
    return stream->Write(message);
  }
  int64_t Hear() {
    v1::ControlResponse message;
    return stream->Read(&message) ? message.events_committed() : -1;
  }
  grpc::Status End() {
    v1::ControlResponse message;
    while (stream->Read(&message)) {
    }
    return stream->Finish();
  }
};

/// A framed heartbeat with that clock, as a client that need not keep the rules sends it.
std::string Heartbeat(int64_t clock) {
  v1::ControlRequest message;
  message.mutable_heartbeat()->set_boot_clock_ms(clock);
  return Framed(message);
}

TEST_CASE_METHOD(Fixture, "messages pass both ways, and a status with its details", "[streams]") {
  Start();
  Client client(*this);

  for (const int64_t clock : {1, 2, 3}) {
    REQUIRE(client.Say(clock));
    CHECK(client.Hear() == clock);
  }
  client.stream->WritesDone();

  const grpc::Status status = client.End();
  CHECK(status.error_code() == grpc::StatusCode::ABORTED);
  CHECK(status.error_message() == "100 % neu: größer");
  CHECK(errors::Reason(FromGrpc(status)) == "REPLACED");
  CHECK(authorization == "Bearer token");
  CHECK(peer == "gateway-svc");
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a stream that is not admitted hears why", "[streams]") {
  admission = errors::Refuse(absl::StatusCode::kUnauthenticated, "BAD_TOKEN", "no");
  Start();

  CHECK_REFUSED(FromGrpc(Client(*this).End()), "BAD_TOKEN");
}

TEST_CASE_METHOD(Fixture, "a method that is not served is UNIMPLEMENTED", "[streams]") {
  Start();
  grpc::ClientContext context;

  CHECK(stub->Upload(&context)->Finish().error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE_METHOD(Fixture, "a client that cancels is heard, and nothing reaches it afterwards",
                 "[streams]") {
  Start();
  Client client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  client.context.TryCancel();
  First().gone.WaitForNotification();

  First().Read();
  First().Write({});
  First().Finish(grpc::Status::OK);
  First().Cancel();
  CHECK(client.End().error_code() == grpc::StatusCode::CANCELLED);
  Client next(*this);
  REQUIRE(next.Say(2));
  CHECK(next.Hear() == 2);
}

TEST_CASE_METHOD(Fixture, "the service cancels a stream without a word", "[streams]") {
  Start();
  Client client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  First().Cancel();

  CHECK(client.End().error_code() == grpc::StatusCode::CANCELLED);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a stream ends with its deadline", "[streams]") {
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());

  REQUIRE(client.Call(1, kControl, {{"grpc-timeout", "20m"}}));

  const auto answer = client.Await(RawClient::kHeaders, 1);
  REQUIRE(answer);
  CHECK((answer->flags & RawClient::kEndStream) != 0);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a message that is too large ends the stream", "[streams]") {
  Start();
  Client client(*this);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(1024 * 1024, 'a'));

  client.stream->Write(message);

  CHECK(client.End().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a message as large as may be passes", "[streams]") {
  Start();
  Client client(*this);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(1024 * 1024 - 100, 'a'));

  REQUIRE(client.stream->Write(message));

  CHECK(client.Hear() == 0);
}

TEST_CASE_METHOD(Fixture, "what is no message ends the stream", "[streams]") {
  Start();
  grpc::GenericStub raw(channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    queue.Next(&tag, &ok);
  };
  const auto stream = raw.PrepareCall(&context, kControl, &queue);
  stream->StartCall(nullptr);
  done();
  const grpc::Slice garbage("\xff\xff\xff");
  stream->Write(grpc::ByteBuffer(&garbage, 1), nullptr);
  done();
  grpc::Status status;
  stream->Finish(&status, nullptr);
  done();

  CHECK(status.error_code() == grpc::StatusCode::INTERNAL);
}

TEST_CASE_METHOD(Fixture, "a compressed message is UNIMPLEMENTED", "[streams]") {
  Start();
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  const auto stream = stub->Control(&context);
  v1::ControlRequest message;
  message.mutable_hello()->set_agent_epoch(std::string(10'000, 'a'));

  stream->Write(message);

  v1::ControlResponse answer;
  CHECK_FALSE(stream->Read(&answer));
  CHECK(stream->Finish().error_code() == grpc::StatusCode::UNIMPLEMENTED);
}

TEST_CASE_METHOD(Fixture, "metadata that are too large end the stream", "[streams]") {
  Start();
  grpc::ClientContext context;
  context.AddMetadata("large", std::string(20'000, 'a'));

  CHECK(stub->Control(&context)->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_CASE_METHOD(Fixture, "only who has a certificate of the fleet gets through", "[streams]") {
  Start();
  const auth::TestCertificates strangers;
  const auto stranger = strangers.Of("gateway-svc");
  const auto own = FilesOf("gateway-svc");
  const auto call = [this](const TlsFiles& files) {
    const auto agents = v1::AgentService::NewStub(To(files));
    grpc::ClientContext context;
    return agents->Control(&context)->Finish().error_code();
  };

  CHECK(call({own.ca, stranger.cert, stranger.key}) == grpc::StatusCode::UNAVAILABLE);
  RawClient nobody(server->port(), own.ca);
  nobody.Greet();
  CHECK_FALSE(nobody.Await(RawClient::kSettings, 0));
}

TEST_CASE_METHOD(Fixture, "certificates are read anew for each connection", "[streams]") {
  Start();
  const auth::TestCertificates others;
  const auto other = others.Of("device-svc");
  const auto own = certificates.Of("device-svc");
  const auto caller = others.Of("gateway-svc");
  const auto replace = [](const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  };
  const auto reaches = [&] {
    try {
      RawClient client(server->port(), caller.ca, caller.cert, caller.key);
      return client.Greet() && client.Await(RawClient::kSettings, 0).has_value();
    } catch (const boost::system::system_error&) {
      return false;
    }
  };

  CHECK_FALSE(reaches());
  replace(other.cert, own.cert);
  CHECK_FALSE(reaches());
  replace(other.key, own.key);
  replace(other.ca, own.ca);
  CHECK(reaches());
}

TEST_CASE_METHOD(Fixture, "a server that drains takes no stream and lets those it has finish",
                 "[streams]") {
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));
  First();
  auto drained = std::async(std::launch::async, [this] { server->Drain(absl::Seconds(60)); });

  REQUIRE(client.Await(RawClient::kGoaway, 0));
  client.Send(RawClient::kData, 0, 1, Heartbeat(5));
  REQUIRE(client.Await(RawClient::kData, 1));
  client.Send(RawClient::kData, RawClient::kEndStream, 1, "");

  const auto trailers = client.Await(RawClient::kHeaders, 1);
  REQUIRE(trailers);
  CHECK((trailers->flags & RawClient::kEndStream) != 0);
  drained.wait();
  client.AwaitEnd();
}

TEST_CASE_METHOD(Fixture, "a server that has drained for long enough ends its streams",
                 "[streams]") {
  Start();
  Client client(*this);
  REQUIRE(client.Say(1));
  REQUIRE(client.Hear() == 1);

  server->Drain(absl::ZeroDuration());

  CHECK(First().gone.HasBeenNotified());
  CHECK(client.End().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE_METHOD(Fixture, "what is written waits until the client takes it", "[streams]") {
  constexpr uint16_t kInitialWindow = 4;
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet({{kInitialWindow, 0}}));
  REQUIRE(client.Call(1, kControl));
  client.Send(RawClient::kData, 0, 1, Heartbeat(7));
  REQUIRE(client.Await(RawClient::kHeaders, 1));
  client.Send(RawClient::kPing, 0, 0, "12345678");
  REQUIRE(client.Await(RawClient::kPing, 0));
  CHECK(First().written == 0);

  client.Send(RawClient::kWindowUpdate, 0, 1, http2::Number(1));
  REQUIRE(client.Await(RawClient::kData, 1));
  CHECK(First().written == 0);
  client.Send(RawClient::kWindowUpdate, 0, 1, http2::Number(1000));
  REQUIRE(client.Await(RawClient::kData, 1));
  client.Send(RawClient::kPing, 0, 0, "12345678");
  REQUIRE(client.Await(RawClient::kPing, 0));

  CHECK(First().written == 1);
}

TEST_CASE_METHOD(Fixture, "no more than a window comes before the service reads", "[streams]") {
  constexpr size_t kWindow = 65'535;
  reads = false;
  Start();
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));
  v1::ControlRequest large;
  large.mutable_hello()->set_agent_epoch(std::string(100'000, 'a'));
  const std::string bytes = Framed(large);
  for (size_t sent = 0; sent < kWindow; sent += 13'107) {
    client.Send(RawClient::kData, 0, 1, bytes.substr(sent, 13'107));
  }
  client.Send(RawClient::kPing, 0, 0, "12345678");
  auto frame = client.Read();
  while (frame && frame->type != RawClient::kPing) {
    CHECK_FALSE((frame->type == RawClient::kWindowUpdate && frame->stream == 1));
    frame = client.Read();
  }
  REQUIRE(frame);

  First().Read();

  REQUIRE(client.Await(RawClient::kWindowUpdate, 1));
  for (size_t sent = kWindow; sent < bytes.size(); sent += 13'107) {
    client.Send(RawClient::kData, 0, 1, bytes.substr(sent, 13'107));
  }
  CHECK(client.Await(RawClient::kData, 1));
}

TEST_CASE_METHOD(Fixture, "a connection that is lost within a message ends its streams",
                 "[streams]") {
  Start();
  {
    RawClient client = Raw();
    REQUIRE(client.Greet());
    REQUIRE(client.Call(1, kControl));
    client.Send(RawClient::kData, 0, 1, Heartbeat(1).substr(0, 6));
    First();
  }

  First().gone.WaitForNotification();
}

TEST_CASE_METHOD(Fixture, "a connection that is silent is ended", "[streams]") {
  http2::Limits limits = StreamLimits();
  limits.ping_after = std::chrono::milliseconds(50);
  limits.silence = std::chrono::milliseconds(200);
  Start(limits);
  RawClient client = Raw();
  REQUIRE(client.Greet());
  REQUIRE(client.Call(1, kControl));

  REQUIRE(client.Await(RawClient::kPing, 0));

  client.AwaitEnd();
  First().gone.WaitForNotification();
}

}  // namespace
}  // namespace cartwise::rpc
