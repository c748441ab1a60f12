#pragma once

#include <optional>
#include <string>

#include <grpcpp/generic/async_generic_service.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/obs/metrics.hpp"
#include "limits/rate_limiter.hpp"
#include "proxy/api_keys.hpp"
#include "proxy/proxied_call.hpp"
#include "proxy/upstreams.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// Serves every method of the contracts over gRPC by passing its bytes on,
/// after the caller's token or API key, the method's policy and the caller's rate were checked.
/// Internal and unknown methods are UNIMPLEMENTED. Thread-safe; outlives its server.
class GrpcProxy final : public grpc::CallbackGenericService {
 public:
  GrpcProxy(const Contracts& contracts, const auth::TokenVerifier& tokens, ApiKeys& keys,
            Revocations& revocations, Upstreams& upstreams, RateLimiter& rates,
            obs::Metrics& metrics, int trusted_proxies = 0);

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

 private:
  /// One call until it is decided.
  struct Opening {
    grpc::GenericCallbackServerContext* context;
    ProxyReactor* reactor;
    ProxiedCall call;
  };

  void Decide(Opening opening, const std::optional<KeyAnswer>& key);
  void Refuse(const Opening& opening, const absl::Status& status);
  /// True when the caller may draw that; else the call has been refused.
  bool Obey(const Opening& opening, const RateLimiter::Verdict& verdict);

  const Contracts& contracts_;
  const auth::TokenVerifier& tokens_;
  ApiKeys& keys_;
  Revocations& revocations_;
  Upstreams& upstreams_;
  RateLimiter& rates_;
  obs::Metrics& metrics_;
  const int trusted_proxies_;
};

/// "127.0.0.1" of "ipv4:127.0.0.1:5000", "::1" of "ipv6:%5B::1%5D:5000".
std::string AddressOfPeer(const std::string& peer);

}  // namespace cartwise::gateway
