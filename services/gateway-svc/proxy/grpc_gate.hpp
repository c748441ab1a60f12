#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/obs/metrics.hpp"
#include "limits/rate_limiter.hpp"
#include "proxy/api_keys.hpp"
#include "proxy/proxied_call.hpp"
#include "proxy/upstreams.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// Decides on each gRPC call whether it passes: by its method, the caller's token
/// or API key, the method's policy and the caller's rate. Internal and unknown
/// methods are UNIMPLEMENTED. Thread-safe; its end waits for what it was asked.
class GrpcGate {
 public:
  /// What a call's head asks for. A header that may come once is empty when it
  /// came more often.
  struct Request {
    std::string path;
    std::string authorization;
    std::string traceparent;
    std::optional<std::string> idempotency_key;
    std::string forwarded_for;  ///< entries joined by commas
    std::string peer;           ///< address of the socket
  };
  struct Decision {
    grpc::Status status;  ///< not OK: the call is refused, and logged already
    ProxiedCall call;     ///< without a method when it is unknown
    std::vector<std::pair<std::string, std::string>> told;  ///< initial metadata about rates
  };
  using Done = std::function<void(Decision)>;

  GrpcGate(const Contracts& contracts, const auth::TokenVerifier& tokens, ApiKeys& keys,
           Revocations& revocations, Upstreams& upstreams, RateLimiter& rates,
           obs::Metrics& metrics, int trusted_proxies = 0);
  ~GrpcGate();

  /// `done` is heard once, before this returns or, for an API key that has to be
  /// asked for, from another thread.
  void Decide(Request request, const Done& done);

 private:
  void Judge(Decision decision, const std::optional<KeyAnswer>& key, const Done& done);
  /// True when the caller may draw that; else the call has been refused.
  bool Obey(Decision& decision, const RateLimiter::Verdict& verdict, const Done& done);
  void Exchange(const std::string& key, Decision decision, const Done& done);

  const Contracts& contracts_;
  const auth::TokenVerifier& tokens_;
  ApiKeys& keys_;
  Revocations& revocations_;
  Upstreams& upstreams_;
  RateLimiter& rates_;
  obs::Metrics& metrics_;
  const int trusted_proxies_;
  std::mutex mutex_;
  std::condition_variable answered_;
  int asked_ = 0;  ///< of keys_, not answered yet
};

}  // namespace cartwise::gateway
