#pragma once

#include <atomic>
#include <map>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "http2/unary_call.hpp"
#include "proxy/upstreams.hpp"

namespace cartwise::gateway {

/// Knows which services answer grpc.health.v1 with SERVING. Ready() may be
/// asked from any thread; Check and Run belong to one executor.
class HealthWatch {
 public:
  explicit HealthWatch(Upstreams& upstreams);

  /// Asks each once, one after the other, at most 2 s each.
  boost::asio::awaitable<void> Check(Outbound& outbound);
  /// Asks again every 5 s until cancelled.
  boost::asio::awaitable<void> Run(Outbound& outbound);

  bool AllServing() const;
  /// {"status":"ok","upstreams":{"device":"ok"}}; "degraded" and "unreachable"
  /// where they are not.
  std::string ToJson() const;

 private:
  Upstreams& upstreams_;
  std::map<std::string, std::atomic<bool>> serving_;
};

}  // namespace cartwise::gateway
