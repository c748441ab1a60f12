#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>

#include <grpcpp/support/status.h>

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

/// One service behind the gateway, and the turns of all unary calls to it. A burst waits
/// here, where a call costs a few KB, and not in the service, where it holds a thread.
/// Thread-safe; outlives its calls.
class Upstream {
 public:
  using OnTurn = std::function<void(std::shared_ptr<Turn>)>;

  explicit Upstream(std::string area, UpstreamLimits limits = {})
      : area_(std::move(area)), limits_(limits) {}

  const std::string& area() const { return area_; }

  /// Null when calls wait already, or all turns are taken.
  std::shared_ptr<Turn> TakeFreeTurn();
  /// `start` is heard when the turn has come, from this thread or from one that ends
  /// another turn. False, and never heard, when too many wait.
  bool TakeTurn(OnTurn start);

 private:
  friend class Turn;
  std::shared_ptr<Turn> FreeTurn();
  void Ended();

  const std::string area_;
  const UpstreamLimits limits_;
  std::mutex mutex_;
  int running_ = 0;
  std::queue<OnTurn> waiting_;
  bool giving_out_ = false;  ///< somebody gives out turns, also those that end meanwhile
};

}  // namespace cartwise::gateway
