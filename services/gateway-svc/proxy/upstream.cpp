#include "proxy/upstream.hpp"

#include <utility>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::gateway {

void Upstream::UnaryCall(grpc::ClientContext* context, const std::string& method,
                         const grpc::ByteBuffer* request, grpc::ByteBuffer* response,
                         OnAnswer answered) {
  Start start = [=, this] {
    stub_.UnaryCall(context, method, {}, request, response, [this, answered](grpc::Status status) {
      Ended();
      answered(std::move(status));
    });
  };
  switch (Enter(start)) {
    case Turn::kNow:
      return start();
    case Turn::kLater:
      return;
    case Turn::kNever:
      return answered(rpc::ToGrpc(errors::Refuse(
          absl::StatusCode::kUnavailable, "OVERLOADED",
          "more calls wait than can be answered in time; try again in a few seconds")));
  }
}

Upstream::Turn Upstream::Enter(Start& start) {
  const std::lock_guard lock(mutex_);
  if (running_ < limits_.running) {
    ++running_;
    return Turn::kNow;
  }
  if (static_cast<int>(waiting_.size()) == limits_.waiting) return Turn::kNever;
  waiting_.push(std::move(start));
  return Turn::kLater;
}

void Upstream::Ended() {
  Start next;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop();
  }
  next();
}

}  // namespace cartwise::gateway
