#include "serve.hpp"

#include <thread>

#include "adapters/obs_watch.hpp"
#include "adapters/signed_tokens.hpp"
#include "adapters/tenant_directory.hpp"
#include "api/agent_streams.hpp"
#include "api/board_watcher.hpp"
#include "api/clockwork.hpp"
#include "api/commands_rpc.hpp"
#include "api/controllers_rpc.hpp"
#include "api/devices_rpc.hpp"
#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/pg/once.hpp"
#include "cartwise/process/periodic.hpp"
#include "cartwise/process/process.hpp"
#include "cartwise/rpc/stream_server.hpp"
#include "storage/housekeeping.hpp"
#include "storage/pg_command_log.hpp"
#include "storage/pg_presence_log.hpp"
#include "storage/pg_store.hpp"

namespace cartwise::device {
namespace {

constexpr absl::Duration kGrace = absl::Seconds(3);

// Callers get their outcomes before the streams that carry them end.
void EndStreams(LinkRegistry& registry, const Commands& commands) {
  registry.Close();
  for (int i = 0; i < 60 && commands.Busy(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  for (const auto& stream : registry.Watched()) {
    stream->End({grpc::StatusCode::UNAVAILABLE, "this process ends; connect again"});
  }
}

}  // namespace

absl::Status Serve(const Config& config) {
  const SystemClock clock;
  obs::Metrics metrics;
  ObsWatch watch(metrics);
  CW_ASSIGN_OR_RETURN(const auto keys, auth::TrustedKeys::Open(config.token_keys_dir, clock));
  CW_ASSIGN_OR_RETURN(const auto own_keys, auth::OwnKeys::Open(config.signing_keys_dir, clock));
  const auth::SigningKeySource signing = [&own_keys] { return own_keys->Current(); };
  const OrderKeys order_keys(signing, [&keys] { return keys->Current(); });
  const auth::TokenVerifier tokens([&keys] { return keys->Current(); }, clock);
  rpc::Guard guard(tokens, metrics);
  const auto to = [&](const std::string& target, const char* service) {
    return rpc::Connect(target, service, config.server.tls);
  };
  const auto rental = to(config.rental_target, "rental-svc");
  const auto tenant = to(config.tenant_target, "tenant-svc");
  const auto telemetry = to(config.telemetry_target, "telemetry-svc");

  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<Store, PgStore> database(pool, "device");
  PgCommandLog command_log(pool);
  PgPresenceLog presence_log(pool, clock);
  outbox::Relay relay(pool, "device", "device-svc",
                      {outbox::RemoteSink("rental-svc", rental),
                       outbox::RemoteSink("telemetry-svc", telemetry, outbox::kUnhurried),
                       outbox::AuditSink(tenant)},
                      metrics);
  const auto announced = [&relay] { relay.Wake(); };
  const process::Periodic housekeeping("housekeeping", absl::Minutes(10),
                                       [&pool] { return Tidy(pool, absl::Now()); });

  const ReplicaId self = ReplicaId::New();
  SignedTokens device_tokens(signing, clock);
  TenantDirectory directory(tenant);
  const Devices devices(device_tokens, clock);
  const Registration registration(directory, database, devices);
  const Controllers controllers(clock);
  LinkRegistry registry;
  Commands commands({command_log, database, registry, clock, self, announced});
  Streams streams(database, presence_log, clock, self);

  RemoteTaker rental_events("rental-svc", rental);
  RemoteTaker telemetry_events("telemetry-svc", telemetry, outbox::kUnhurried);
  Lanes lanes(config.lanes);
  BoardWatcher boards(streams, lanes);
  const std::vector<EventTaker*> takers = {&rental_events, &telemetry_events, &boards};
  const StreamParts parts{streams, commands, registry, takers,   order_keys,
                          clock,   lanes,    watch,    announced};
  Clockwork clockwork(parts, command_log);
  const pg::Listener listener(
      config.database.url, ChannelOf(self), [&](const std::string& text) { clockwork.Hear(text); },
      [&] { clockwork.CatchUp(); });

  DevicesRpc devices_rpc({guard,
                          database,
                          devices,
                          streams,
                          registration,
                          clock,
                          {config.mqtt_broker, config.mqtt_port, order_keys},
                          announced});
  ControllersRpc controllers_rpc(guard, database, controllers, devices, announced);
  StaffCommands staff_commands(database, commands, clock, SameJson);
  CommandsRpc commands_rpc(guard, database, staff_commands);
  CommandExecutionRpc execution_rpc(guard, commands);
  const AgentStreams agent_streams(guard, parts, telemetry);
  CW_ASSIGN_OR_RETURN(const auto server,
                      rpc::Server::Start(config.server, {&devices_rpc, &controllers_rpc,
                                                         &commands_rpc, &execution_rpc}));
  CW_ASSIGN_OR_RETURN(
      const auto stream_server,
      rpc::StreamServer::Start(config.streams_listen, config.server.tls, agent_streams.Methods()));
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics,
                                              [&] { return pool.CheckReady("device"); }));
  obs::Info("serving", {{"listen", config.server.listen},
                        {"streams", config.streams_listen},
                        {"replica", self.value()}});
  process::AwaitEndSignal();
  obs::Info("draining");
  probes->Drain();
  EndStreams(registry, commands);
  std::thread other([&] { stream_server->Drain(kGrace); });
  server->Drain(kGrace);
  other.join();
  // Ended streams still leave, by what is declared after the lanes.
  lanes.Finish();
  return absl::OkStatus();
}

}  // namespace cartwise::device
