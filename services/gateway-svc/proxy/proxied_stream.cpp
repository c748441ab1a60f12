#include <atomic>
#include <mutex>

#include <grpcpp/support/byte_buffer.h>

#include "proxy/proxied_call.hpp"

namespace cartwise::gateway {
namespace {

/// Two pumps over one pair of calls. Up: client read -> service write -> client
/// read ... Down: service read -> client write -> service read ...
///
/// Each pump holds the service's call open (AddMultipleHolds(2)) for as long as
/// it may start something on it; the service's status comes only when both let
/// go, and only then the client's call is finished. `mutex_` orders what one
/// pump starts against the other one closing it. gRPC never runs a reaction
/// inside a Start* that is called from a reaction, so it may be held across.
///
/// The object ends when both calls are done with it.
class StreamReactor final : public ProxyReactor {
 public:
  explicit StreamReactor(grpc::GenericCallbackServerContext* context)
      : context_(context), service_(*this) {}

  void Begin(ProxiedCall call) override {
    call_ = std::move(call);
    service_.Start();
    StartRead(&request_);
  }
  void Refuse(const grpc::Status& status) override {
    Finish(status);
    Release();  // for the call to the service, which there will not be
  }

  // Reactions of the client's call.
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnSendInitialMetadataDone(bool ok) override;
  void OnCancel() override { service_.context.TryCancel(); }
  void OnDone() override { Release(); }

 private:
  enum class Up { kReading, kWriting, kClosed };

  /// The call to the service; tells its owner everything.
  struct Service final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
    explicit Service(StreamReactor& o) : owner(o) {}
    void Start();
    void OnReadInitialMetadataDone(bool ok) override { owner.OnServiceMetadata(ok); }
    void OnReadDone(bool ok) override { owner.OnServiceRead(ok); }
    void OnWriteDone(bool ok) override { owner.OnServiceWritten(ok); }
    void OnDone(const grpc::Status& status) override { owner.OnServiceDone(status); }

    StreamReactor& owner;
    grpc::ClientContext context;
  };

  void OnServiceMetadata(bool ok);
  void OnServiceRead(bool ok);
  void OnServiceWritten(bool ok);
  void OnServiceDone(const grpc::Status& status);
  void EndDown();
  void Release() {
    if (users_.fetch_sub(1) == 1) delete this;
  }

  grpc::GenericCallbackServerContext* context_;
  ProxiedCall call_;
  Service service_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  std::atomic<int> users_{2};

  std::mutex mutex_;
  Up up_ = Up::kReading;
  bool service_over_ = false;
};

void StreamReactor::Service::Start() {
  Apply(owner.call_.metadata, context);
  context.set_deadline(owner.context_->deadline());
  owner.call_.upstream->stub().PrepareBidiStreamingCall(&context, owner.call_.method->path, {},
                                                        this);
  owner.call_.Started(context);
  AddMultipleHolds(2);
  StartCall();
}

void StreamReactor::OnReadDone(bool ok) {
  std::lock_guard lock(mutex_);
  if (up_ == Up::kClosed) return;
  if (ok) {
    up_ = Up::kWriting;
    service_.StartWrite(&request_);
    return;
  }
  up_ = Up::kClosed;
  // A cancelled call is not a half close: the service must not take it for one.
  if (!context_->IsCancelled()) service_.StartWritesDone();
  service_.RemoveHold();
}

void StreamReactor::OnServiceWritten(bool ok) {
  std::lock_guard lock(mutex_);
  request_.Clear();
  if (ok && !service_over_) {
    up_ = Up::kReading;
    StartRead(&request_);
    return;
  }
  up_ = Up::kClosed;
  service_.RemoveHold();
}

void StreamReactor::OnServiceMetadata(bool ok) {
  if (!ok) return EndDown();
  CopyMetadata(service_.context.GetServerInitialMetadata(), *context_, false);
  StartSendInitialMetadata();
}

void StreamReactor::OnSendInitialMetadataDone(bool ok) {
  if (ok) return service_.StartRead(&response_);
  service_.context.TryCancel();
  EndDown();
}

void StreamReactor::OnServiceRead(bool ok) {
  if (!ok) return EndDown();
  StartWrite(&response_);
}

void StreamReactor::OnWriteDone(bool ok) {
  response_.Clear();
  if (ok) return service_.StartRead(&response_);
  service_.context.TryCancel();
  EndDown();
}

/// The service says no more: whatever the client still sends has no reader.
void StreamReactor::EndDown() {
  std::lock_guard lock(mutex_);
  service_over_ = true;
  if (up_ == Up::kReading) {
    up_ = Up::kClosed;
    service_.RemoveHold();
  }
  service_.RemoveHold();
}

void StreamReactor::OnServiceDone(const grpc::Status& status) {
  CopyMetadata(service_.context.GetServerTrailingMetadata(), *context_, true);
  const grpc::Status shown = Presentable(call_.Settled(status));
  call_.Finished(shown);
  Finish(shown);
  Release();
}

}  // namespace

ProxyReactor* ProxyStream(grpc::GenericCallbackServerContext* context) {
  return new StreamReactor(context);
}

}  // namespace cartwise::gateway
