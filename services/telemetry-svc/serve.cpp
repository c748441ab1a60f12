#include "serve.hpp"

#include "api/sink_rpc.hpp"
#include "api/telemetry_rpc.hpp"
#include "cartwise/auth/key_folder.hpp"
#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/process/process.hpp"
#include "cartwise/rpc/server.hpp"
#include "domain/days.hpp"
#include "storage/pg_event_store.hpp"

namespace cartwise::telemetry {

absl::Status Serve(const Config& config) {
  const SystemClock clock;
  obs::Metrics metrics;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::TrustedKeys::Open(config.token_keys_dir, clock));
  const auth::TokenVerifier tokens([&keys] { return keys->Current(); }, clock);
  rpc::Guard guard(tokens, metrics);

  pg::Pool pool(config.database, metrics);
  PgEventStore store(pool);
  const Ingest ingest(store, clock);
  const Listing listing(store);
  const Days days(store, config.retention_days, [](const absl::Status& turned) {
    if (!turned.ok()) obs::Error("days not turned", {{"error", turned.ToString()}});
  });

  TelemetryRpc telemetry_rpc(guard, ingest, listing);
  IngestRpc ingest_rpc(guard, ingest);
  SinkRpc sink_rpc(guard, ingest);
  CW_ASSIGN_OR_RETURN(const auto server,
                      rpc::Server::Start(config.server, {&telemetry_rpc, &ingest_rpc, &sink_rpc}));
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics,
                                              [&] { return pool.CheckReady("telemetry"); }));
  obs::Info("serving", {{"listen", config.server.listen}});
  process::AwaitEndSignal();
  obs::Info("draining");
  probes->Drain();
  server->Drain(absl::Seconds(10));
  return absl::OkStatus();
}

}  // namespace cartwise::telemetry
