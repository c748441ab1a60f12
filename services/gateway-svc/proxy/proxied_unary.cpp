#include <algorithm>
#include <chrono>

#include <absl/time/clock.h>
#include <grpcpp/support/byte_buffer.h>

#include "proxy/proxied_call.hpp"

namespace cartwise::gateway {
namespace {

class UnaryReactor final : public ProxyReactor {
 public:
  explicit UnaryReactor(grpc::GenericCallbackServerContext* context) : server_context_(context) {}

  void Begin(ProxiedCall call) override {
    call_ = std::move(call);
    StartRead(&request_);
  }
  void Refuse(const grpc::Status& status) override { Finish(status); }

  void OnReadDone(bool ok) override {
    if (!ok) return End({grpc::StatusCode::CANCELLED, "the call came without its message"});
    Apply(call_.metadata, client_context_);
    client_context_.set_deadline(std::min(
        server_context_->deadline(),
        std::chrono::system_clock::now() + absl::ToChronoMilliseconds(call_.method->timeout)));
    call_.Started(client_context_);
    call_.upstream->UnaryCall(&client_context_, call_.method->path, &request_, &response_,
                              [this](grpc::Status status) { OnAnswer(status); });
  }

  void OnCancel() override { client_context_.TryCancel(); }
  void OnDone() override { delete this; }

 private:
  void OnAnswer(const grpc::Status& answer) {
    const grpc::Status status = call_.Settled(answer);
    CopyMetadata(client_context_.GetServerInitialMetadata(), *server_context_, false);
    CopyMetadata(client_context_.GetServerTrailingMetadata(), *server_context_, true);
    if (!status.ok()) return End(Presentable(status));
    call_.Finished(status);
    StartWriteAndFinish(&response_, {}, status);
  }

  /// The last thing: the reactor may be gone when it returns.
  void End(const grpc::Status& status) {
    call_.Finished(status);
    Finish(status);
  }

  grpc::GenericCallbackServerContext* server_context_;
  ProxiedCall call_;
  grpc::ClientContext client_context_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
};

}  // namespace

ProxyReactor* ProxyUnary(grpc::GenericCallbackServerContext* context) {
  return new UnaryReactor(context);
}

}  // namespace cartwise::gateway
