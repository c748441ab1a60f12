#include <memory>
#include <string>
#include <vector>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/process/process.hpp"
#include "config.hpp"
#include "http/server.hpp"
#include "openapi/document.hpp"
#include "proxy/grpc_proxy.hpp"

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

using namespace cartwise;

namespace {

constexpr absl::Duration kGrace = absl::Seconds(10);

gateway::Upstreams::Channels Connect(const gateway::Config& config) {
  gateway::Upstreams::Channels channels;
  for (const auto& [area, target] : config.targets) {
    channels[area] = rpc::Connect(target, absl::StrCat(area, "-svc"), config.grpc.tls);
  }
  return channels;
}

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto contracts,
                      gateway::Contracts::Load({cartwise_desc, cartwise_desc_end}));
  CW_ASSIGN_OR_RETURN(const auto router, gateway::Router::Build(*contracts));
  CW_ASSIGN_OR_RETURN(const auto config, gateway::Config::FromEnv(contracts->areas()));
  obs::InitLog("gateway-svc", config.log_level);
  if (arguments == std::vector<std::string>{"--check-config"}) return absl::OkStatus();
  if (!arguments.empty()) return absl::InvalidArgumentError("usage: gateway-svc [--check-config]");

  CW_ASSIGN_OR_RETURN(auto keys, auth::KeySet::LoadDirectory(config.token_keys_dir));
  const auto jwks = std::make_shared<const std::string>(keys.ToJwks());
  SystemClock clock;
  obs::Metrics metrics;
  auth::TokenVerifier tokens(std::move(keys), clock);
  gateway::Upstreams upstreams(Connect(config));
  gateway::HealthWatch health(upstreams);
  const gateway::Cors cors(config.cors_origins);
  const gateway::DocsSite docs(config.docs_dir);
  const auto openapi = std::make_shared<const std::string>(gateway::OpenApiDocument(*router));
  gateway::RateLimiter rates(config.rates, clock);
  const gateway::Api api({*router, tokens, upstreams, health, rates, metrics, cors, docs, openapi,
                          jwks, config.trusted_proxies});

  std::unique_ptr<gateway::Tls> tls;
  if (!config.http_cert.empty()) {
    CW_ASSIGN_OR_RETURN(tls, gateway::Tls::Load(config.http_cert, config.http_key));
  }
  gateway::GrpcProxy proxy(*contracts, tokens, upstreams, rates, metrics, config.trusted_proxies);
  CW_ASSIGN_OR_RETURN(const auto grpc, rpc::Server::Start(config.grpc, {}, &proxy));
  CW_ASSIGN_OR_RETURN(const auto http, gateway::HttpServer::Start(config.http_listen, config.http,
                                                                  api, health, tls.get()));
  CW_ASSIGN_OR_RETURN(const auto probes, obs::ProbeServer::Start(config.metrics_listen, metrics,
                                                                 [] { return absl::OkStatus(); }));
  obs::Info("serving", {{"http", config.http_listen},
                        {"tls", tls != nullptr},
                        {"grpc", config.grpc.listen},
                        {"routes", static_cast<int64_t>(router->routes().size())}});
  process::AwaitEndSignal();
  obs::Info("draining");
  http->Drain(kGrace);
  grpc->Drain(kGrace);
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  process::Begin();
  obs::InitLog("gateway-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
