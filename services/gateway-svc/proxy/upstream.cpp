#include "proxy/upstream.hpp"

#include <utility>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::gateway {

Turn::~Turn() {
  upstream_.Ended();
}

grpc::Status Overloaded() {
  return rpc::ToGrpc(
      errors::Refuse(absl::StatusCode::kUnavailable, "OVERLOADED",
                     "more calls wait than can be answered in time; try again in a few seconds"));
}

void Upstream::UnaryCall(grpc::ClientContext* context, const std::string& method,
                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                         OnAnswer answered) {
  const bool taken = TakeTurn([=, this](std::shared_ptr<Turn> turn) {
    stub_.UnaryCall(context, method, {}, request, response,
                    [turn, answered](grpc::Status status) mutable {
                      turn.reset();
                      answered(std::move(status));
                    });
  });
  if (!taken) answered(Overloaded());
}

bool Upstream::TakeTurn(OnTurn start) {
  {
    const std::lock_guard lock(mutex_);
    // Who waits already comes first, also while turns are being given out.
    if (running_ == limits_.running || !waiting_.empty()) {
      if (static_cast<int>(waiting_.size()) == limits_.waiting) return false;
      waiting_.push(std::move(start));
      return true;
    }
    ++running_;
  }
  start(std::make_shared<Turn>(*this));
  return true;
}

/// A call that has ended meanwhile gives its turn back at once, from within `next`;
/// thousands of them would be as many calls deep.
void Upstream::Ended() {
  std::unique_lock lock(mutex_);
  --running_;
  if (std::exchange(giving_out_, true)) return;
  while (running_ < limits_.running && !waiting_.empty()) {
    ++running_;
    OnTurn next = std::move(waiting_.front());
    waiting_.pop();
    lock.unlock();
    next(std::make_shared<Turn>(*this));
    next = nullptr;
    lock.lock();
  }
  giving_out_ = false;
}

}  // namespace cartwise::gateway
