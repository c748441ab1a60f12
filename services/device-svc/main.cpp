#include "adapters.hpp"
#include "api/agent_rpc.hpp"
#include "api/clockwork.hpp"
#include "api/commands_rpc.hpp"
#include "api/controllers_rpc.hpp"
#include "api/devices_rpc.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/pg/once.hpp"
#include "config.hpp"
#include "storage/pg_command_log.hpp"
#include "storage/pg_presence_log.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::device {
namespace {

absl::Status Serve(const Config& config) {
  const SystemClock clock;
  obs::Metrics metrics;
  CW_ASSIGN_OR_RETURN(auto keys, auth::KeySet::LoadDirectory(config.token_keys_dir));
  CW_ASSIGN_OR_RETURN(const auto signing_key, auth::SigningKey::Load(config.signing_key));
  const auth::TokenVerifier tokens(std::move(keys), clock);
  rpc::Guard guard(tokens, metrics);
  const auto connect = [&](const std::string& target, const char* service) {
    return rpc::Connect(target, service, config.server.tls);
  };
  const auto telemetry = connect(config.telemetry_target, "telemetry-svc");
  const std::vector<outbox::Sink> sinks = {
      outbox::RemoteSink("rental-svc", connect(config.rental_target, "rental-svc")),
      outbox::RemoteSink("telemetry-svc", telemetry)};

  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<Store, PgStore> database(pool, "device");
  PgCommandLog command_log(pool);
  PgPresenceLog presence_log(pool, clock);
  outbox::Relay relay(pool, "device", "device-svc", sinks, metrics);
  const auto announced = [&relay] { relay.Wake(); };

  const ReplicaId self = ReplicaId::New();
  SignedTokens device_tokens(signing_key, clock);
  TenantDirectory directory(connect(config.tenant_target, "tenant-svc"));
  const Devices devices(device_tokens, clock);
  const Controllers controllers(clock);
  LinkRegistry registry;
  Commands commands(command_log, database, registry, clock, self);
  Streams streams(database, presence_log, clock, self);
  const Courier courier(sinks, telemetry::v1::TelemetryIngestService::NewStub(telemetry));
  Lanes lanes(4), deliveries(4);
  const StreamParts parts{streams, commands, registry,   courier,  signing_key,
                          clock,   lanes,    deliveries, announced};
  Clockwork clockwork(parts, command_log);
  const pg::Listener listener(
      config.database.url, ChannelOf(self), [&](const std::string& text) { clockwork.Hear(text); },
      [&] { clockwork.CatchUp(); });

  DevicesRpc devices_rpc(
      {guard,
       database,
       devices,
       streams,
       directory,
       clock,
       {config.mqtt_broker, config.mqtt_port, {{signing_key.id(), signing_key.PublicPem()}}},
       announced});
  ControllersRpc controllers_rpc(guard, database, controllers, devices, announced);
  CommandsRpc commands_rpc(guard, database, commands);
  CommandExecutionRpc execution_rpc(guard, commands);
  AgentRpc agent_rpc(guard, parts);
  CW_ASSIGN_OR_RETURN(
      const auto server,
      rpc::Server::Start(config.server, {&devices_rpc, &controllers_rpc, &commands_rpc,
                                         &execution_rpc, &agent_rpc}));
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics,
                                              [&] { return pool.CheckReady("device"); }));
  obs::Info("serving", {{"listen", config.server.listen}, {"replica", self.value()}});
  rpc::WaitForSignal();
  obs::Info("draining");
  for (const auto& stream : registry.Watched()) stream->Drop("this process ends");
  server->Drain(absl::Seconds(7));
  return absl::OkStatus();
}

}  // namespace
}  // namespace cartwise::device

int main() {
  using namespace cartwise;
  rpc::BlockSignals();
  obs::InitLog("device-svc", "info");
  const auto config = device::Config::FromEnv();
  if (!config.ok()) return obs::Die(config.status());
  obs::InitLog("device-svc", config->log_level);
  const absl::Status served = device::Serve(*config);
  return served.ok() ? 0 : obs::Die(served);
}
