#include "serve.hpp"

#include "adapters/device_client.hpp"
#include "api/carts_rpc.hpp"
#include "api/personal_data_rpc.hpp"
#include "api/rentals_rpc.hpp"
#include "api/sink_rpc.hpp"
#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/pg/once.hpp"
#include "cartwise/process/periodic.hpp"
#include "cartwise/process/process.hpp"
#include "storage/aes_phone_vault.hpp"
#include "storage/housekeeping.hpp"
#include "storage/look_up_keys.hpp"
#include "storage/pg_facts.hpp"
#include "storage/pg_person_store.hpp"
#include "storage/pg_rack.hpp"
#include "storage/pg_store.hpp"
#include "storage/pg_unfinished.hpp"

namespace cartwise::rental {

absl::Status Serve(const Config& config) {
  const SystemClock clock;
  obs::Metrics metrics;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::TrustedKeys::Open(config.token_keys_dir, clock));
  CW_ASSIGN_OR_RETURN(const AesPhoneVault vault, AesPhoneVault::FromKeys(config.phone_key));
  const auth::TokenVerifier tokens([&keys] { return keys->Current(); }, clock);
  rpc::Guard guard(tokens, metrics);

  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<Store, PgStore> database(pool, "rental");
  PgRack rack(pool);
  PgFacts fact_store(pool);
  PgUnfinished unfinished(pool);
  PgPersonStore person_store(pool);
  const auto connect = [&](const std::string& target, const char* service) {
    return rpc::Connect(target, service, config.server.tls);
  };
  outbox::Relay relay(
      pool, "rental", "rental-svc",
      {outbox::RemoteSink("telemetry-svc", connect(config.telemetry_target, "telemetry-svc"),
                          outbox::kUnhurried),
       outbox::AuditSink(connect(config.tenant_target, "tenant-svc"))},
      metrics);
  const auto announced = [&relay] { relay.Wake(); };

  DeviceClient devices(connect(config.device_target, "device-svc"));
  Assignment assignment(rack, devices, vault, clock);
  StaffUnlocks unlocks(database, devices, clock);
  Recovery recovery(unfinished, rack, devices, clock);
  Facts facts(fact_store, recovery, clock, config.grace);
  const PersonalData people(person_store, vault);
  const process::Periodic recovering("recovery", absl::Seconds(2), [&] {
    const absl::Status done = recovery.RunOnce();
    announced();
    return done;
  });
  const process::Periodic housekeeping("housekeeping", absl::Minutes(1),
                                       [&pool] { return Tidy(pool, absl::Now()); });

  CartsRpc carts_rpc(guard, database, unlocks, announced);
  RentalsRpc rentals_rpc({guard, database, assignment, vault, clock, announced});
  SinkRpc sink_rpc(guard, facts, announced);
  PersonalDataRpc people_rpc(guard, people);
  CW_ASSIGN_OR_RETURN(
      const auto server,
      rpc::Server::Start(config.server, {&carts_rpc, &rentals_rpc, &sink_rpc, &people_rpc}));
  const auto ready = [&]() -> absl::Status {
    CW_RETURN_IF_ERROR(pool.CheckReady("rental"));
    return CheckLookUpKeys(pool, vault);
  };
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics, ready));
  obs::Info("serving", {{"listen", config.server.listen}});
  process::AwaitEndSignal();
  obs::Info("draining");
  probes->Drain();
  server->Drain(absl::Seconds(10));
  return absl::OkStatus();
}

}  // namespace cartwise::rental
