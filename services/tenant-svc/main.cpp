#include "api/auth_rpc.hpp"
#include "api/branch_directory_rpc.hpp"
#include "api/branches_rpc.hpp"
#include "api/chains_rpc.hpp"
#include "api/enrollment_keys_rpc.hpp"
#include "api/users_rpc.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/pg/once.hpp"
#include "config.hpp"
#include "create_platform_admin.hpp"
#include "credentials.hpp"
#include "storage/housekeeping.hpp"
#include "storage/pg_store.hpp"

using namespace cartwise;

namespace {

absl::Status Serve(const tenant::Config& config, pg::Pool& pool, tenant::TenantDatabase& database,
                   tenant::Credentials& credentials, obs::Metrics& metrics) {
  const SystemClock clock;
  CW_ASSIGN_OR_RETURN(auto keys, auth::KeySet::LoadDirectory(config.token_keys_dir));
  const auth::TokenVerifier tokens(std::move(keys), clock);
  rpc::Guard guard(tokens, metrics);

  const auto sink = [&](const char* name, const std::string& target) {
    return outbox::RemoteSink(name, rpc::Connect(target, name, config.server.tls));
  };
  outbox::Relay relay(
      pool, "tenant", "tenant-svc",
      {sink("rental-svc", config.rental_target), sink("telemetry-svc", config.telemetry_target)},
      metrics);
  const auto announced = [&relay] { relay.Wake(); };
  tenant::Housekeeping housekeeping(pool);

  tenant::Sessions sessions(database, credentials, clock);
  tenant::AuthRpc sign_in(guard, sessions, database);
  tenant::ChainsRpc chains(guard, database, clock, announced);
  tenant::BranchesRpc branches(guard, database, clock, announced);
  tenant::BranchDirectoryRpc directory(guard, database, credentials, clock);
  tenant::EnrollmentKeysRpc enrollment_keys(guard, database, credentials, clock);
  tenant::UsersRpc users(guard, database, credentials, clock);

  CW_ASSIGN_OR_RETURN(const auto server,
                      rpc::Server::Start(config.server, {&sign_in, &chains, &branches, &directory,
                                                         &enrollment_keys, &users}));
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics,
                                              [&] { return pool.CheckReady("tenant"); }));
  obs::Info("serving", {{"listen", config.server.listen}, {"metrics", config.metrics_listen}});
  rpc::WaitForSignal();
  obs::Info("draining");
  server->Drain(absl::Seconds(10));
  return absl::OkStatus();
}

absl::Status Run(const std::vector<std::string>& arguments) {
  CW_ASSIGN_OR_RETURN(const auto config, tenant::Config::FromEnv());
  obs::InitLog("tenant-svc", config.log_level);
  if (arguments == std::vector<std::string>{"--check-config"}) return absl::OkStatus();

  CW_ASSIGN_OR_RETURN(auto signing_key, auth::SigningKey::Load(config.signing_key));
  tenant::SignedCredentials credentials(std::move(signing_key));
  obs::Metrics metrics;
  pg::Pool pool(config.database, metrics);
  pg::DatabaseOf<tenant::Store, tenant::PgStore> database(pool, "tenant");
  if (arguments.empty()) return Serve(config, pool, database, credentials, metrics);
  if (arguments.front() == "create-platform-admin") {
    return tenant::CreatePlatformAdmin({arguments.begin() + 1, arguments.end()}, database,
                                       credentials);
  }
  return absl::InvalidArgumentError(
      "usage: tenant-svc [--check-config | create-platform-admin --email E --password-file F]");
}

}  // namespace

int main(int argc, char** argv) {
  rpc::BlockSignals();
  obs::InitLog("tenant-svc", "info");
  const absl::Status done = Run({argv + 1, argv + argc});
  return done.ok() ? 0 : obs::Die(done);
}
