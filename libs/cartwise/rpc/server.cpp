#include "cartwise/rpc/server.hpp"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_replace.h>
#include <absl/time/clock.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include "cartwise/base/ids.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::rpc {
namespace {

constexpr int kMaxMessageBytes = 1024 * 1024;
constexpr int kMaxMetadataBytes = 16 * 1024;

// What the C core has to say becomes lines of our log instead of its own on
// standard error. Its errors are mostly peers that hang up or cannot prove themselves.
void RouteCoreLog() {
  gpr_set_log_function([](gpr_log_func_args* line) {
    if (line->severity == GPR_LOG_SEVERITY_ERROR) {
      obs::Warning("grpc", {{"detail", line->message}});
    } else {
      obs::Debug("grpc", {{"detail", line->message}});
    }
  });
}

void SetLimits(grpc::ServerBuilder& builder, const ServerConfig& config) {
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Well below the 20 s of Connect, for pings that travel at uneven speed.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 9'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(config.max_threads);
  builder.SetResourceQuota(quota);
  // A thread that found work does not end after it, up to this many per queue:
  // making one costs more than keeping it.
  builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 8);
}

}  // namespace

ServerConfig ServerConfig::FromEnv(config::Env& env, const std::string& service,
                                   const std::string& default_listen) {
  return {env.Text(service + "_LISTEN", default_listen), TlsFiles::FromEnv(env)};
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerConfig& config,
                                                      const std::vector<grpc::Service*>& services) {
  CW_RETURN_IF_ERROR(Pems::Read(config.tls).status());
  RouteCoreLog();
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  SetLimits(builder, config);
  std::unique_ptr<Server> server(new Server);
  server->certificate_ = std::make_shared<ServerCertificate>(config.tls);
  builder.AddListeningPort(config.listen, server->certificate_, &server->port_);
  for (grpc::Service* const service : services) builder.RegisterService(service);
  server->server_ = builder.BuildAndStart();
  if (!server->server_ || server->port_ == 0) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve gRPC on ", config.listen, ": port taken, or bad certificate"));
  }
  return server;
}

Server::~Server() {
  if (server_) Drain(absl::ZeroDuration());
}

void Server::Drain(absl::Duration grace) {
  if (auto* const health = server_->GetHealthCheckService()) health->SetServingStatus(false);
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  server_->Wait();
}

std::shared_ptr<grpc::Channel> Connect(const std::string& target, const std::string& service,
                                       const TlsFiles& tls) {
  RouteCoreLog();
  const absl::StatusOr<Pems> pems = Pems::Read(tls);
  grpc::SslCredentialsOptions options;
  if (pems.ok()) options = {pems->ca, pems->key, pems->cert};
  grpc::ChannelArguments args;
  args.SetSslTargetNameOverride(service);
  args.SetMaxReceiveMessageSize(4 * kMaxMessageBytes);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Time for one attempt with its handshakes, not a wait between attempts.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // A ping, and the answer of the other side, for what is hardly ever more than a page.
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  return grpc::CreateCustomChannel(target, grpc::SslCredentials(options), args);
}

void Prepare(grpc::ClientContext& ctx, absl::Time deadline, const std::string& trace_id) {
  ctx.set_deadline(absl::ToChronoTime(deadline));
  const std::string trace =
      trace_id.size() == 32 ? trace_id : absl::StrReplaceAll(NewUuid(), {{"-", ""}});
  // The last 16 digits of a new UUID are its random part.
  const std::string span = absl::StrReplaceAll(NewUuid(), {{"-", ""}}).substr(16);
  ctx.AddMetadata("traceparent", absl::StrCat("00-", trace, "-", span, "-01"));
}

}  // namespace cartwise::rpc
