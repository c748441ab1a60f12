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
    if (running_ == limits_.running) {
      if (static_cast<int>(waiting_.size()) == limits_.waiting) return false;
      waiting_.push(std::move(start));
      return true;
    }
    ++running_;
  }
  start(std::make_shared<Turn>(*this));
  return true;
}

void Upstream::Ended() {
  OnTurn next;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) {
      --running_;
      return;
    }
    next = std::move(waiting_.front());
    waiting_.pop();
  }
  next(std::make_shared<Turn>(*this));
}

}  // namespace cartwise::gateway
