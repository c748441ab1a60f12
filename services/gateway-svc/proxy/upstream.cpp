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

std::shared_ptr<Turn> Upstream::TakeFreeTurn() {
  const std::lock_guard lock(mutex_);
  return FreeTurn();
}

bool Upstream::TakeTurn(OnTurn start) {
  std::shared_ptr<Turn> turn;
  {
    const std::lock_guard lock(mutex_);
    turn = FreeTurn();
    if (turn == nullptr) {
      if (static_cast<int>(waiting_.size()) == limits_.waiting) return false;
      waiting_.push(std::move(start));
      return true;
    }
  }
  start(std::move(turn));
  return true;
}

std::shared_ptr<Turn> Upstream::FreeTurn() {
  // Who waits already comes first, also while turns are being given out.
  if (running_ == limits_.running || !waiting_.empty()) return nullptr;
  ++running_;
  return std::make_shared<Turn>(*this);
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
