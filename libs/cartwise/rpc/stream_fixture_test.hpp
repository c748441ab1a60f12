#pragma once

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <absl/synchronization/notification.h>
#include <grpcpp/grpcpp.h>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/device/v1/agent.grpc.pb.h"
#include "cartwise/http2/raw_client.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/stream_server.hpp"
#include "cartwise/testing/status.hpp"

namespace cartwise::rpc {

namespace v1 = device::v1;

inline constexpr char kControl[] = "/cartwise.device.v1.AgentService/Control";

/// The service's end of a stream: answers each message with its clock, but for what the test wants.
class EchoService final : public BidiReactor<v1::ControlRequest, v1::ControlResponse> {
 public:
  explicit EchoService(bool reads) : reads_(reads) {}

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

struct StreamFixture {
  auth::TestCertificates certificates;
  bool reads = true;
  absl::Status admission;
  std::string authorization, peer;
  std::mutex mutex;
  std::condition_variable begun;
  std::vector<std::shared_ptr<EchoService>> services;
  std::unique_ptr<StreamServer> server;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::AgentService::Stub> stub;

  TlsFiles FilesOf(const std::string& name) const {
    const auto files = certificates.Of(name);
    return {files.ca, files.cert, files.key};
  }

  void Start(const http2::Limits& limits = StreamLimits()) {
    std::signal(SIGPIPE, SIG_IGN);  // as process::Begin has it
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
  http2::RawClient Raw() const {
    const auto own = FilesOf("gateway-svc");
    return http2::RawClient(server->port(), own.ca, own.cert, own.key);
  }

  absl::StatusOr<std::shared_ptr<StreamReactor>> Begin(const CallContext& call) {
    if (!admission.ok()) return admission;
    auto service = std::make_shared<EchoService>(reads);
    const std::lock_guard lock(mutex);
    authorization = ValueIn(call.metadata(), "authorization").value_or("");
    peer = call.PeerName();
    services.push_back(service);
    begun.notify_all();
    return service;
  }
  /// That of the stream that was begun first.
  EchoService& First() {
    std::unique_lock lock(mutex);
    begun.wait(lock, [this] { return !services.empty(); });
    return *services.front();
  }
};

/// A client of gRPC's own.
struct StreamClient {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ControlRequest, v1::ControlResponse>> stream;

  explicit StreamClient(StreamFixture& f) {
    context.AddMetadata("authorization", "Bearer token");
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    stream = f.stub->Control(&context);
  }
  ~StreamClient() { context.TryCancel(); }

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
inline std::string Heartbeat(int64_t clock) {
  v1::ControlRequest message;
  message.mutable_heartbeat()->set_boot_clock_ms(clock);
  return Framed(message);
}

}  // namespace cartwise::rpc
