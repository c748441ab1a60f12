#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/pg/pool.hpp"
#include "cartwise/rpc/server.hpp"
#include "domain/otp_limits.hpp"
#include "domain/sign_in_limits.hpp"
#include "sms/inforu_sms.hpp"

namespace cartwise::tenant {

/// What the environment tells this service; the names stand in README.md.
struct Config {
  std::string log_level;
  std::string metrics_listen;
  std::string token_keys_dir;    ///< public keys by which callers are proven
  std::string signing_keys_dir;  ///< private keys of tokens
  pg::PoolConfig database;
  rpc::ServerConfig server;
  std::string rental_target;     ///< host:port
  std::string telemetry_target;  ///< host:port
  std::string phone_key;         ///< of the key file, see auth::PhoneSecrets
  /// Name and host:port of every other service that holds personal data.
  std::vector<std::pair<std::string, std::string>> data_holders;
  OtpLimits otp;
  SignInLimits sign_in;
  std::string sms_console_file;         ///< set for the console
  std::optional<InforuAccount> inforu;  ///< else this

  /// INVALID_ARGUMENT with a line per fault.
  static absl::StatusOr<Config> FromEnv();
};

}  // namespace cartwise::tenant
