#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

namespace cartwise::gateway {

/// How much one gateway asks of one service at a time.
struct UpstreamLimits {
  int running = 200;    ///< unary calls on their way; the next one waits its turn
  int waiting = 4'000;  ///< beyond it a call ends at once
};

/// One service behind the gateway: a channel shared by every call and stream.
/// A burst waits here, where a call costs a few KB, and not in the service, where
/// it holds a thread. Thread-safe; outlives its calls.
class Upstream {
 public:
  using OnAnswer = std::function<void(grpc::Status)>;

  explicit Upstream(const std::shared_ptr<grpc::Channel>& channel, UpstreamLimits limits = {})
      : stub_(channel), limits_(limits) {}

  /// Makes the call when its turn has come; its deadline counts while it waits.
  /// `answered` is heard once, from a thread of gRPC, or from this one with
  /// UNAVAILABLE (OVERLOADED) when too many wait. What is pointed to must live
  /// until then.
  void UnaryCall(grpc::ClientContext* context, const std::string& method,
                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response, OnAnswer answered);

  /// For streams, which are few and last.
  grpc::GenericStub& stub() { return stub_; }

 private:
  using Start = std::function<void()>;
  enum class Turn { kNow, kLater, kNever };

  Turn Enter(Start& start);
  void Ended();

  grpc::GenericStub stub_;
  const UpstreamLimits limits_;
  std::mutex mutex_;
  int running_ = 0;
  std::queue<Start> waiting_;
};

}  // namespace cartwise::gateway
