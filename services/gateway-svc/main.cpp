#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "config.hpp"
#include "http/server.hpp"
#include "openapi/document.hpp"
#include "proxy/grpc_proxy.hpp"

// Made by the build: every contract, with its comments.
extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

namespace cartwise::gateway {
namespace {

absl::Status Serve(const Config& config, const Contracts& contracts) {
  const SystemClock clock;
  obs::Metrics metrics;
  CW_ASSIGN_OR_RETURN(const auto router, Router::Build(contracts));
  CW_ASSIGN_OR_RETURN(auto keys, auth::KeySet::LoadDirectory(config.token_keys_dir));
  const auth::TokenVerifier tokens(std::move(keys), clock);

  Upstreams::Channels channels;
  for (const auto& [area, target] : config.targets) {
    channels[area] = rpc::Connect(target, area + "-svc", config.grpc.tls);
  }
  Upstreams upstreams(channels);
  HealthWatch health(upstreams);

  const Cors cors(config.cors_origins);
  const DocsSite docs(config.docs_dir);
  const auto openapi = std::make_shared<const std::string>(OpenApiDocument(*router));
  const Api api({.router = *router,
                 .tokens = tokens,
                 .upstreams = upstreams,
                 .health = health,
                 .metrics = metrics,
                 .cors = cors,
                 .docs = docs,
                 .openapi = openapi,
                 .trusted_proxies = config.trusted_proxies});

  CW_ASSIGN_OR_RETURN(const auto http,
                      HttpServer::Start(config.http_listen, HttpLimits(), api, health));
  GrpcProxy proxy(contracts, tokens, upstreams, metrics);
  CW_ASSIGN_OR_RETURN(const auto grpc, rpc::Server::Start(config.grpc, {}, &proxy));
  CW_ASSIGN_OR_RETURN(const auto probes, obs::ProbeServer::Start(config.metrics_listen, metrics,
                                                                 [] { return absl::OkStatus(); }));
  obs::Info("serving", {{"http", config.http_listen}, {"grpc", config.grpc.listen}});
  rpc::WaitForSignal();
  obs::Info("draining");
  http->Drain(absl::Seconds(10));
  grpc->Drain(absl::Seconds(1));
  return absl::OkStatus();
}

absl::Status Run() {
  CW_ASSIGN_OR_RETURN(const auto contracts,
                      Contracts::Load({cartwise_desc, size_t(cartwise_desc_end - cartwise_desc)}));
  CW_ASSIGN_OR_RETURN(const Config config, Config::FromEnv(contracts->areas()));
  obs::InitLog("gateway-svc", config.log_level);
  return Serve(config, *contracts);
}

}  // namespace
}  // namespace cartwise::gateway

int main() {
  using namespace cartwise;
  rpc::BlockSignals();
  obs::InitLog("gateway-svc", "info");
  const absl::Status done = gateway::Run();
  return done.ok() ? 0 : obs::Die(done);
}
