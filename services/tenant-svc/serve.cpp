#include "serve.hpp"

#include "adapters/otp_counts.hpp"
#include "api/api_keys_rpc.hpp"
#include "api/audit_rpc.hpp"
#include "api/audit_sink_rpc.hpp"
#include "api/auth_rpc.hpp"
#include "api/branch_directory_rpc.hpp"
#include "api/branches_rpc.hpp"
#include "api/chain_directory_rpc.hpp"
#include "api/chains_rpc.hpp"
#include "api/enrollment_keys_rpc.hpp"
#include "api/otp_rpc.hpp"
#include "api/personal_data_rpc.hpp"
#include "api/revocations_rpc.hpp"
#include "api/second_factor_rpc.hpp"
#include "api/users_rpc.hpp"
#include "cartwise/auth/key_folder.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/obs/probe_server.hpp"
#include "cartwise/outbox/sink.hpp"
#include "cartwise/pg/listener.hpp"
#include "cartwise/pg/once.hpp"
#include "cartwise/process/periodic.hpp"
#include "cartwise/process/process.hpp"
#include "cartwise/rpc/policy.hpp"
#include "domain/chains.hpp"
#include "sms/console_sms.hpp"
#include "storage/housekeeping.hpp"
#include "storage/pg_audit_store.hpp"
#include "storage/pg_otp_store.hpp"
#include "storage/pg_revocations.hpp"

extern "C" const char cartwise_desc[];
extern "C" const char cartwise_desc_end[];

namespace cartwise::tenant {
namespace {

constexpr absl::Duration kTurnEvery = absl::Seconds(5);

std::unique_ptr<Sms> MakeSms(const Config& config, const Clock& clock) {
  if (config.inforu) return std::make_unique<InforuSms>(*config.inforu);
  obs::Warning("codes are written to a file, not sent", {{"file", config.sms_console_file}});
  return std::make_unique<ConsoleSms>(config.sms_console_file, clock);
}

absl::Status EndTrialsNow(TenantDatabase& database, const Clock& clock,
                          const std::function<void()>& announced) {
  int ended = 0;
  CW_RETURN_IF_ERROR(
      database.Write(Caller::Service("tenant-svc"), [&](Store& store) -> absl::Status {
        CW_ASSIGN_OR_RETURN(ended, EndTrials(store, clock.Now()));
        return absl::OkStatus();
      }));
  if (ended == 0) return absl::OkStatus();
  obs::Info("trials ended, chains made inactive", {{"chains", ended}});
  announced();
  return absl::OkStatus();
}

}  // namespace

absl::Status Serve(const Config& config, Wiring& wiring) {
  const Clock& clock = wiring.clock;
  obs::Metrics& metrics = wiring.metrics;
  pg::Pool& pool = wiring.pool;
  TenantDatabase& database = wiring.database;
  AuditDatabase& audit = wiring.audit;
  Credentials& credentials = wiring.credentials;
  OtpSecrets& otp_secrets = wiring.otp_secrets;
  PersonalData& people = wiring.people;
  CW_ASSIGN_OR_RETURN(const auto keys, auth::TrustedKeys::Open(config.token_keys_dir, clock));
  const auth::TokenVerifier tokens([&keys] { return keys->Current(); }, clock);
  rpc::Guard guard(tokens, metrics);

  const auto sink = [&](const char* name, const std::string& target) {
    return outbox::RemoteSink(name, rpc::Connect(target, name, config.server.tls));
  };
  // Its own deeds reach the audit log as everybody else's do, without the network.
  const outbox::Sink own_log{"tenant-svc",
                             [&](const std::vector<Event>& events) {
                               const absl::Time now = clock.Now();
                               return Record(audit, events, now, now + absl::Seconds(10),
                                             AuditDigest);
                             },
                             outbox::kForTheRecord, outbox::Takes::kAudited};
  outbox::Relay relay(pool, "tenant", "tenant-svc",
                      {sink("rental-svc", config.rental_target),
                       sink("telemetry-svc", config.telemetry_target), own_log},
                      metrics);
  const auto announced = [&relay] { relay.Wake(); };
  const process::Periodic housekeeping("housekeeping", absl::Minutes(10),
                                       [&pool] { return Tidy(pool, absl::Now()); });

  PasswordCheck password_check(database, credentials, otp_secrets, clock, config.sign_in);
  SecondFactors second_factors(database, password_check, wiring.factors, credentials, otp_secrets,
                               clock, config.sign_in);
  Sessions sessions(database, credentials, otp_secrets, password_check, second_factors, clock,
                    config.sign_in);
  Passwords passwords(database, credentials, sessions, second_factors, clock);
  AuthRpc sign_in(guard, sessions, passwords, database, clock);
  SecondFactorRpc second_factor(guard, second_factors, database, clock);
  ChainsRpc chains(guard, database, clock, announced);
  BranchesRpc branches(guard, database, clock, announced);
  ChainDirectoryRpc chain_directory(guard, database);
  BranchDirectoryRpc directory(guard, database, credentials, clock);
  EnrollmentKeysRpc enrollment_keys(guard, database, credentials, clock);
  UsersRpc users(guard, database, credentials, passwords, clock);
  // Read when a key is made: most processes make none, and it is a megabyte.
  const auto scopes = [] { return rpc::ScopesIn({cartwise_desc, cartwise_desc_end}); };
  ApiKeysRpc api_keys(guard, database, credentials, scopes, clock);
  ApiKeyExchangeRpc api_key_exchange(guard, database, credentials, clock);
  RevocationFeed feed;
  const pg::Listener revoked(
      config.database.url, kRevocationsChannel,
      [&feed](const std::string& payload) {
        const auto revocation = ReadRevocationNotice(payload);
        if (revocation) feed.Heard(*revocation);
      },
      [&feed] { feed.Missed(); });
  RevocationsRpc revocations(guard, database, feed, clock);

  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database(pool, "tenant");
  const auto sms = MakeSms(config, clock);
  OtpCounts otp_counts(metrics);
  OneTimeCodes codes({database, otp_database, otp_secrets, credentials, *sms, otp_counts, clock},
                     config.otp);
  OtpRpc otp(guard, codes, database, clock);
  AuditRpc audit_log(guard, audit);
  AuditSinkRpc audit_sink(guard, audit, AuditDigest, clock);

  PersonalDataRpc personal_data(guard, people);
  const process::Periodic trials("ending of trials", kTurnEvery,
                                 [&] { return EndTrialsNow(database, clock, announced); });
  const process::Periodic erasing("erasing of people", kTurnEvery,
                                  [&] { return people.GoOn().status(); });

  CW_ASSIGN_OR_RETURN(
      const auto server,
      rpc::Server::Start(config.server,
                         {&sign_in, &second_factor, &chains, &branches, &directory,
                          &enrollment_keys, &users, &api_keys, &api_key_exchange, &revocations,
                          &otp, &audit_log, &audit_sink, &personal_data, &chain_directory}));
  CW_ASSIGN_OR_RETURN(const auto probes,
                      obs::ProbeServer::Start(config.metrics_listen, metrics,
                                              [&] { return pool.CheckReady("tenant"); }));
  obs::Info("serving", {{"listen", config.server.listen}, {"metrics", config.metrics_listen}});
  process::AwaitEndSignal();
  obs::Info("draining");
  probes->Drain();
  feed.Close();
  server->Drain(absl::Seconds(10));
  return absl::OkStatus();
}

}  // namespace cartwise::tenant
