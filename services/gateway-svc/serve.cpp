#include "serve.hpp"

#include <memory>
#include <string>
#include <thread>

#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/process/periodic.hpp"
#include "cartwise/process/process.hpp"
#include "cartwise/rpc/server.hpp"
#include "http/server.hpp"
#include "http2/grpc_server.hpp"
#include "limits/chain_rates.hpp"
#include "openapi/document.hpp"
#include "proxy/grpc_gate.hpp"
#include "revocations/revocation_watch.hpp"
#include "routing/router.hpp"

namespace cartwise::gateway {
namespace {

constexpr absl::Duration kGrace = absl::Seconds(10);

constexpr absl::Duration kShareEvery = absl::Milliseconds(100);
constexpr absl::Duration kPlansEvery = absl::Seconds(15);

absl::Status ShareRates(RateLimiter& rates, SharedLimits& others, obs::Metrics& metrics) {
  const absl::Status shared = rates.Share(others);
  metrics.Gauge("cartwise_gateway_rates_shared", {}, shared.ok() ? 1 : 0);
  return shared;
}

}  // namespace

absl::Status Serve(const Config& config, const Contracts& contracts) {
  const SystemClock clock;
  CW_ASSIGN_OR_RETURN(const auto built, Router::Build(contracts));
  const Router& router = *built;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::TrustedKeys::Open(config.token_keys_dir, clock));
  obs::Metrics metrics;
  const auth::KeySource current_keys = [&keys] { return keys->Current(); };
  const auth::TokenVerifier tokens(current_keys, clock);
  // For what the gateway asks in its own name. Calls of others go out of the event loops.
  const auto tenant = rpc::Connect(config.targets.at("tenant"), "tenant-svc", config.tls);
  const ServiceTargets services{config.targets, config.stream_targets, config.tls};
  Upstreams upstreams(contracts.areas());
  HealthWatch health(upstreams);
  const Cors cors(config.cors_origins);
  const DocsSite docs(config.docs_dir);
  const auto openapi = std::make_shared<const std::string>(OpenApiDocument(router));
  ChainRates chain_rates(tenant);
  chain_rates.Refresh().IgnoreError();
  // What was known stays while tenant-svc is away.
  const process::Periodic plans("learning of chains' plans", kPlansEvery,
                                [&] { return chain_rates.Refresh(); });
  RateLimiter rates(config.rates, clock,
                    [&](const std::string& chain) { return chain_rates.Of(chain); });
  std::optional<SharedLimits> shared;
  std::unique_ptr<process::Periodic> sharing;
  if (config.redis) {
    shared.emplace(*config.redis);
    sharing =
        std::make_unique<process::Periodic>("counting rates with the other gateways", kShareEvery,
                                            [&] { return ShareRates(rates, *shared, metrics); });
  }
  ApiKeys api_keys(tenant, upstreams.Of("tenant"), tokens, clock);
  Revocations revocations(clock);
  const RevocationWatch watch(tenant, metrics, [&](const Revocation& revocation) {
    if (revocation.kind == Revocation::Kind::kKey) api_keys.Forget(revocation.id);
    revocations.Add(revocation);
  });
  const Api api({router, tokens, api_keys, revocations, upstreams, health, rates, metrics, cors,
                 docs, openapi, current_keys, config.trusted_proxies, config.security_contact});

  std::unique_ptr<Tls> tls;
  if (!config.http_cert.empty()) {
    CW_ASSIGN_OR_RETURN(tls, Tls::Load(config.http_cert, config.http_key));
  }
  CW_ASSIGN_OR_RETURN(const auto grpc_tls,
                      Tls::Load(config.grpc_cert, config.grpc_key, Tls::Protocol::kHttp2));
  GrpcGate gate(contracts, tokens, api_keys, revocations, upstreams, rates, metrics,
                config.trusted_proxies);
  CW_ASSIGN_OR_RETURN(const auto grpc, GrpcServer::Start(config.grpc_listen, config.grpc, gate,
                                                         services, grpc_tls.get()));
  CW_ASSIGN_OR_RETURN(const auto http, HttpServer::Start(config.http_listen, config.http, api,
                                                         health, services, tls.get()));
  CW_ASSIGN_OR_RETURN(const auto probes, obs::ProbeServer::Start(config.metrics_listen, metrics,
                                                                 [] { return absl::OkStatus(); }));
  obs::Info("serving", {{"http", config.http_listen},
                        {"tls", tls != nullptr},
                        {"grpc", config.grpc_listen},
                        {"routes", static_cast<int64_t>(router.routes().size())}});
  process::AwaitEndSignal();
  obs::Info("draining");
  probes->Drain();
  std::thread other([&] { grpc->Drain(kGrace); });
  http->Drain(kGrace);
  other.join();
  return absl::OkStatus();
}

}  // namespace cartwise::gateway
