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

/// Fills what the call passes on.
absl::Status Prepare(const grpc::CallbackServerContext& context, int trusted_proxies,
                     CallMetadata& metadata) {
  metadata.authorization = Single(context, "authorization");
  metadata.traceparent = NextTraceparent(Single(context, "traceparent"));
  metadata.peer = ClientAddress(AddressOfPeer(context.peer()), Joined(context, "x-forwarded-for"),
                                trusted_proxies);
  if (context.client_metadata().count("idempotency-key") > 0) {
    CW_ASSIGN_OR_RETURN(metadata.idempotency_key,
                        ParseIdempotencyKey(Single(context, "idempotency-key")));
  }
  return absl::OkStatus();
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

GrpcProxy::GrpcProxy(const Contracts& contracts, const auth::TokenVerifier& tokens, ApiKeys& keys,
                     Revocations& revocations, Upstreams& upstreams, RateLimiter& rates,
                     obs::Metrics& metrics, int trusted_proxies)
    : contracts_(contracts),
      tokens_(tokens),
      keys_(keys),
      revocations_(revocations),
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
  ProxyReactor* const reactor = method->streaming() ? ProxyStream(context) : ProxyUnary(context);
  Opening opening{context, reactor, {}};
  opening.call.method = method;
  opening.call.start = absl::Now();
  opening.call.metrics = &metrics_;
  const absl::Status prepared = Prepare(*context, trusted_proxies_, opening.call.metadata);
  if (!prepared.ok()) {
    Refuse(opening, prepared);
    return reactor;
  }
  const std::string key = ApiKeyIn(opening.call.metadata.authorization);
  std::optional<KeyAnswer> known;
  if (!key.empty()) known = keys_.Find(key);
  if (key.empty() || known) {
    Decide(std::move(opening), known);
  } else if (Obey(opening, rates_.ChargeUnknownKey(opening.call.metadata.peer))) {
    keys_.Exchange(key, [this, opening](const KeyAnswer& answer) { Decide(opening, answer); });
  }
  return reactor;
}

void GrpcProxy::Decide(Opening opening, const std::optional<KeyAnswer>& key) {
  ProxiedCall& call = opening.call;
  const Method& method = *call.method;
  const absl::StatusOr<Caller> caller =
      Admit(method, tokens_, revocations_, key, call.metadata.authorization);
  if (!caller.ok()) return Refuse(opening, caller.status());
  call.caller = caller->Label();
  const auto verdict = rates_.Charge(*method.policy, *caller, call.metadata.peer);
  if (!Obey(opening, verdict)) return;
  Tell(verdict, *opening.context);
  call.live = revocations_.NewCall(*caller, method.streaming());
  call.upstream = &upstreams_.Of(method.area);
  opening.reactor->Begin(std::move(call));
}

bool GrpcProxy::Obey(const Opening& opening, const RateLimiter::Verdict& verdict) {
  if (verdict.status.ok()) return true;
  Tell(verdict, *opening.context);
  metrics_.Count(kRateLimitedMetric, {{"policy", verdict.refused_by}});
  Refuse(opening, verdict.status);
  return false;
}

void GrpcProxy::Refuse(const Opening& opening, const absl::Status& status) {
  const grpc::Status shown = rpc::ToGrpc(status);
  opening.call.Finished(shown);
  opening.reactor->Refuse(shown);
}

std::string AddressOfPeer(const std::string& peer) {
  const size_t scheme = peer.find(':');
  const size_t port = peer.rfind(':');
  if (scheme == std::string::npos || port <= scheme) return "";
  return absl::StrReplaceAll(peer.substr(scheme + 1, port - scheme - 1),
                             {{"%5B", ""}, {"%5D", ""}, {"[", ""}, {"]", ""}});
}

}  // namespace cartwise::gateway
