#include "proxy/grpc_proxy.hpp"

#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/status.hpp"
#include "proxy/client_address.hpp"
#include "proxy/idempotency_key.hpp"
#include "proxy/proxied_call.hpp"

namespace cartwise::gateway {
namespace {

/// Ends a call before anything was done for it.
class Refusal final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Refusal(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }
  void OnDone() override { delete this; }
};

std::string Single(const grpc::CallbackServerContext& context, const char* key) {
  const auto [begin, end] = context.client_metadata().equal_range(key);
  if (begin == end || std::next(begin) != end) return "";
  return std::string(begin->second.data(), begin->second.size());
}

std::string Joined(const grpc::CallbackServerContext& context, const char* key) {
  std::string all;
  const auto [begin, end] = context.client_metadata().equal_range(key);
  for (auto entry = begin; entry != end; ++entry) {
    if (!all.empty()) all.push_back(',');
    all.append(entry->second.data(), entry->second.size());
  }
  return all;
}

/// Fills what the call passes on and proves its caller.
absl::StatusOr<Caller> Prepare(const grpc::CallbackServerContext& context,
                               const auth::TokenVerifier& tokens, int trusted_proxies,
                               ProxiedCall& call) {
  CallMetadata& metadata = call.metadata;
  metadata.authorization = Single(context, "authorization");
  metadata.traceparent = NextTraceparent(Single(context, "traceparent"));
  metadata.peer = ClientAddress(AddressOfPeer(context.peer()), Joined(context, "x-forwarded-for"),
                                trusted_proxies);
  if (context.client_metadata().count("idempotency-key") > 0) {
    CW_ASSIGN_OR_RETURN(metadata.idempotency_key,
                        ParseIdempotencyKey(Single(context, "idempotency-key")));
  }
  return Admit(*call.method, tokens, metadata.authorization);
}

/// Tells the client what it has left, by the names that HTTP has for it.
void Tell(const RateLimiter::Verdict& verdict, grpc::CallbackServerContext& context) {
  if (verdict.policy.empty()) return;
  context.AddInitialMetadata("ratelimit-policy", verdict.policy);
  context.AddInitialMetadata("ratelimit", verdict.limit);
  if (verdict.status.ok()) return;
  context.AddInitialMetadata("retry-after", errors::Details(verdict.status).at(0).second);
}

}  // namespace

GrpcProxy::GrpcProxy(const Contracts& contracts, const auth::TokenVerifier& tokens,
                     Upstreams& upstreams, RateLimiter& rates, obs::Metrics& metrics,
                     int trusted_proxies)
    : contracts_(contracts),
      tokens_(tokens),
      upstreams_(upstreams),
      rates_(rates),
      metrics_(metrics),
      trusted_proxies_(trusted_proxies) {}

grpc::ServerGenericBidiReactor* GrpcProxy::CreateReactor(
    grpc::GenericCallbackServerContext* context) {
  const Method* method = contracts_.Find(context->method());
  if (method == nullptr) {
    return new Refusal(errors::Refuse(absl::StatusCode::kUnimplemented, "METHOD_NOT_FOUND",
                                      "there is no such method"));
  }
  ProxiedCall call;
  call.method = method;
  call.start = absl::Now();
  call.metrics = &metrics_;
  const absl::StatusOr<Caller> caller = Prepare(*context, tokens_, trusted_proxies_, call);
  if (!caller.ok()) {
    call.Finished(rpc::ToGrpc(caller.status()));
    return new Refusal(caller.status());
  }
  call.caller = caller->Label();
  const auto verdict = rates_.Charge(*method->policy, *caller, call.metadata.peer);
  Tell(verdict, *context);
  if (!verdict.status.ok()) {
    metrics_.Count(kRateLimitedMetric, {{"policy", verdict.refused_by}});
    call.Finished(rpc::ToGrpc(verdict.status));
    return new Refusal(verdict.status);
  }
  call.upstream = &upstreams_.Of(method->area);
  return method->streaming() ? ProxyStream(context, std::move(call))
                             : ProxyUnary(context, std::move(call));
}

std::string AddressOfPeer(const std::string& peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return "";
  return absl::StrReplaceAll(peer.substr(scheme + 1, port - scheme - 1),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

}  // namespace cartwise::gateway
