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

class Upstream;

/// A unary call's place among those that run; given back when this goes.
class Turn {
 public:
  explicit Turn(Upstream& upstream) : upstream_(upstream) {}
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  Upstream& upstream_;
};

/// How a call ends that there is no place for: UNAVAILABLE (OVERLOADED).
grpc::Status Overloaded();

/// One service behind the gateway: the channel that REST's calls share, and the turns
/// of all unary calls.
/// A burst waits here, where a call costs a few KB, and not in the service, where
/// it holds a thread. Thread-safe; outlives its calls.
class Upstream {
 public:
  using OnAnswer = std::function<void(grpc::Status)>;
  using OnTurn = std::function<void(std::shared_ptr<Turn>)>;

  explicit Upstream(const std::shared_ptr<grpc::Channel>& channel, UpstreamLimits limits = {})
      : stub_(channel), limits_(limits) {}

  /// Makes the call when its turn has come; its deadline counts while it waits.
  /// `answered` is heard once, from a thread of gRPC, or from this one with
  /// UNAVAILABLE (OVERLOADED) when too many wait. What is pointed to must live
  /// until then.
  void UnaryCall(grpc::ClientContext* context, const std::string& method,
                 const grpc::ByteBuffer* request, grpc::ByteBuffer* response, OnAnswer answered);

  /// For calls that are made by other means: `start` is heard when the turn has
  /// come, from this thread or from one that ends another turn. False, and never
  /// heard, when too many wait.
  bool TakeTurn(OnTurn start);

 private:
  friend class Turn;
  void Ended();

  grpc::GenericStub stub_;
  const UpstreamLimits limits_;
  std::mutex mutex_;
  int running_ = 0;
  std::queue<OnTurn> waiting_;
  bool giving_out_ = false;  ///< somebody gives out turns, also those that end meanwhile
};

}  // namespace cartwise::gateway
