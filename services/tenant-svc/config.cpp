#include "config.hpp"

#include "cartwise/auth/phone_keys.hpp"
#include "cartwise/base/development.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"

namespace cartwise::tenant {
namespace {

OtpLimits ReadLimits(config::Env& env) {
  OtpLimits limits;
  const auto number = [&](const char* name, int& limit, int min, int max) {
    limit = env.Number(std::string("CARTWISE_TENANT_OTP_") + name, limit, min, max);
  };
  const auto seconds = [&](const char* name, absl::Duration& limit, int min, int max) {
    const std::string full = std::string("CARTWISE_TENANT_OTP_") + name;
    limit = absl::Seconds(env.Number(full, int(absl::ToInt64Seconds(limit)), min, max));
  };
  // NIST SP 800-63B: no code lives longer than ten minutes.
  seconds("LIFE_SECONDS", limits.code_life, 30, 600);
  seconds("RESEND_SECONDS", limits.resend_wait, 1, 3600);
  seconds("RESEND_LONGEST_SECONDS", limits.longest_resend_wait, 1, 86'400);
  number("PHONE_PER_QUARTER_HOUR", limits.per_phone_quarter_hour, 1, 100);
  number("PHONE_PER_DAY", limits.per_phone_day, 1, 1000);
  number("ADDRESS_PER_HOUR", limits.per_address_hour, 1, 1'000'000);
  number("PREFIX_PER_HOUR", limits.per_prefix_hour, 1, 1'000'000);
  number("BRANCH_PER_HOUR", limits.per_branch_hour, 1, 1'000'000);
  number("CHAIN_PER_DAY", limits.per_chain_day, 1, 10'000'000);
  number("PER_DAY", limits.per_day, 1, 10'000'000);
  number("WATCHED_SENDS", limits.watched_sends, 1, 1'000'000);
  number("LEAST_VERIFIED_PERCENT", limits.least_verified_percent, 0, 100);
  seconds("PREFIX_STOP_SECONDS", limits.prefix_stop, 1, 86'400);
  number("TRIES", limits.tries, 1, 10);
  seconds("FIRST_WAIT_SECONDS", limits.try_waits[0], 60, 604'800);
  seconds("SECOND_WAIT_SECONDS", limits.try_waits[1], 60, 604'800);
  seconds("LAST_WAIT_SECONDS", limits.try_waits[2], 60, 604'800);
  return limits;
}

// Asked for outright: a fleet that writes codes to a file by mistake would
// look as if it worked.
void ReadSms(config::Env& env, Config& config) {
  const std::string provider = env.Text("CARTWISE_TENANT_SMS_PROVIDER");
  if (provider == "console") {
    env.Fault(CheckDevelopment("CARTWISE_TENANT_SMS_PROVIDER=console"));
    config.sms_console_file = env.Text("CARTWISE_TENANT_SMS_CONSOLE_FILE");
  } else if (provider == "inforu") {
    InforuAccount account;
    account.url =
        env.Text("CARTWISE_TENANT_INFORU_URL", "https://capi.inforu.co.il/api/v2/SMS/SendSms");
    if (!account.url.starts_with("https://")) {
      env.Fault("CARTWISE_TENANT_INFORU_URL", "must begin with https://");
    }
    account.user = env.Text("CARTWISE_TENANT_INFORU_USER");
    account.token = env.Text("CARTWISE_TENANT_INFORU_TOKEN");
    account.sender = env.Text("CARTWISE_TENANT_INFORU_SENDER");
    config.inforu = std::move(account);
  } else if (!provider.empty()) {
    env.Fault("CARTWISE_TENANT_SMS_PROVIDER", "must be console or inforu");
  }
}

// Required: a fleet that forgot somebody would look as if it erased everything.
void ReadDataHolders(config::Env& env, Config& config) {
  env.Text("CARTWISE_TENANT_DATA_HOLDERS");
  for (const std::string& entry : env.List("CARTWISE_TENANT_DATA_HOLDERS")) {
    const size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == entry.size()) {
      return env.Fault("CARTWISE_TENANT_DATA_HOLDERS", "must be name=host:port, comma separated");
    }
    config.data_holders.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
  }
}

}  // namespace

absl::StatusOr<Config> Config::FromEnv() {
  config::Env env;
  Config config;
  config.log_level = env.Text("CARTWISE_LOG_LEVEL", "info");
  config.metrics_listen = env.Text("CARTWISE_TENANT_METRICS_LISTEN", "127.0.0.1:9101");
  config.token_keys_dir = env.Text("CARTWISE_TOKEN_KEYS_DIR");
  config.signing_keys_dir = env.Text("CARTWISE_TENANT_SIGNING_KEYS_DIR");
  config.database = pg::PoolConfig::FromEnv(env, "CARTWISE_TENANT");
  config.server = rpc::ServerConfig::FromEnv(env, "CARTWISE_TENANT", "127.0.0.1:9091");
  config.rental_target = env.Text("CARTWISE_RENTAL_TARGET");
  config.telemetry_target = env.Text("CARTWISE_TELEMETRY_TARGET");
  config.phone_key = env.Text("CARTWISE_TENANT_PHONE_KEY");
  const auto phone_keys = auth::PhoneSecrets::Parse(config.phone_key);
  if (!phone_keys.ok()) {
    env.Fault("CARTWISE_TENANT_PHONE_KEY", std::string(phone_keys.status().message()));
  }
  config.otp = ReadLimits(env);
  config.sign_in.longest = absl::Hours(24) * env.Number("CARTWISE_TENANT_SIGN_IN_DAYS", 30, 1, 365);
  ReadSms(env, config);
  ReadDataHolders(env, config);
  CW_RETURN_IF_ERROR(env.status());
  return config;
}

}  // namespace cartwise::tenant
