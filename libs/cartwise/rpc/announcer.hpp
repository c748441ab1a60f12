#pragma once

#include <functional>
#include <utility>

#include <grpcpp/support/status.h>

namespace cartwise::rpc {

/// Passes on how a call ended, and tells whoever carries the outbox when it succeeded: what it
/// wrote may wait there.
class Announcer {
 public:
  explicit Announcer(std::function<void()> tell) : tell_(std::move(tell)) {}

  grpc::Status operator()(grpc::Status done) const {
    if (done.ok()) tell_();
    return done;
  }

 private:
  const std::function<void()> tell_;
};

}  // namespace cartwise::rpc
