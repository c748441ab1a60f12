#include "proxy/grpc_gate.hpp"

#include <absl/time/clock.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/rpc/status.hpp"
#include "proxy/client_address.hpp"
#include "proxy/idempotency_key.hpp"

namespace cartwise::gateway {
namespace {

/// Fills what the call passes on.
absl::Status Prepare(GrpcGate::Request request, int trusted_proxies, CallMetadata& metadata) {
  metadata.authorization = std::move(request.authorization);
  metadata.traceparent = NextTraceparent(request.traceparent);
  metadata.peer = ClientAddress(request.peer, request.forwarded_for, trusted_proxies);
  if (request.idempotency_key) {
    CW_ASSIGN_OR_RETURN(metadata.idempotency_key, ParseIdempotencyKey(*request.idempotency_key));
  }
  return absl::OkStatus();
}

void Refuse(GrpcGate::Decision decision, const absl::Status& status, const GrpcGate::Done& done) {
  decision.status = rpc::ToGrpc(status);
  decision.call.Finished(decision.status);
  done(std::move(decision));
}

/// Tells the client what it has left, by the names that HTTP has for it.
void Tell(const RateLimiter::Verdict& verdict, GrpcGate::Decision& decision) {
  if (verdict.policy.empty()) return;
  decision.told.emplace_back("ratelimit-policy", verdict.policy);
  decision.told.emplace_back("ratelimit", verdict.limit);
  if (verdict.status.ok()) return;
  decision.told.emplace_back("retry-after", errors::Details(verdict.status).at(0).second);
}

}  // namespace

GrpcGate::GrpcGate(const Contracts& contracts, const auth::TokenVerifier& tokens, ApiKeys& keys,
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

GrpcGate::~GrpcGate() {
  std::unique_lock lock(mutex_);
  answered_.wait(lock, [this] { return asked_ == 0; });
}

void GrpcGate::Decide(Request request, const Done& done) {
  Decision decision;
  ProxiedCall& call = decision.call;
  call.method = contracts_.Find(request.path);
  if (call.method == nullptr) {
    decision.status = rpc::ToGrpc(errors::Refuse(absl::StatusCode::kUnimplemented,
                                                 "METHOD_NOT_FOUND", "there is no such method"));
    return done(std::move(decision));
  }
  call.start = absl::Now();
  call.metrics = &metrics_;
  const absl::Status prepared = Prepare(std::move(request), trusted_proxies_, call.metadata);
  if (!prepared.ok()) return Refuse(std::move(decision), prepared, done);
  const std::string key = ApiKeyIn(call.metadata.authorization);
  if (key.empty()) return Judge(std::move(decision), std::nullopt, done);
  if (const auto known = keys_.Find(key)) return Judge(std::move(decision), known, done);
  if (Obey(decision, rates_.ChargeUnknownKey(call.metadata.peer), done)) {
    Exchange(key, std::move(decision), done);
  }
}

void GrpcGate::Exchange(const std::string& key, Decision decision, const Done& done) {
  {
    const std::lock_guard lock(mutex_);
    ++asked_;
  }
  keys_.Exchange(key, [this, decision = std::move(decision), done](const KeyAnswer& answer) {
    Judge(decision, answer, done);
    const std::lock_guard lock(mutex_);
    if (--asked_ == 0) answered_.notify_all();
  });
}

void GrpcGate::Judge(Decision decision, const std::optional<KeyAnswer>& key, const Done& done) {
  ProxiedCall& call = decision.call;
  const Method& method = *call.method;
  const absl::StatusOr<Caller> caller =
      Admit(method, tokens_, revocations_, key, call.metadata.authorization);
  if (absl::IsUnauthenticated(caller.status())) {
    const auto tried = rates_.ChargeUnproven(call.metadata.peer);
    if (!Obey(decision, tried, done)) return;
    Tell(tried, decision);
  }
  if (!caller.ok()) return Refuse(std::move(decision), caller.status(), done);
  call.caller = caller->Label();
  const auto verdict = rates_.Charge(*method.policy, *caller, call.metadata.peer);
  if (!Obey(decision, verdict, done)) return;
  Tell(verdict, decision);
  call.live = revocations_.NewCall(*caller, method.streaming());
  call.upstream = &upstreams_.Of(method.area);
  done(std::move(decision));
}

bool GrpcGate::Obey(Decision& decision, const RateLimiter::Verdict& verdict, const Done& done) {
  if (verdict.status.ok()) return true;
  Tell(verdict, decision);
  metrics_.Count(kRateLimitedMetric, {{"policy", verdict.refused_by}});
  Refuse(std::move(decision), verdict.status, done);
  return false;
}

}  // namespace cartwise::gateway
