#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/http2/limits.hpp"
#include "cartwise/rpc/server_certificate.hpp"
#include "http/connection.hpp"
#include "limits/rate_limiter.hpp"
#include "limits/redis_address.hpp"

namespace cartwise::gateway {

/// What the environment tells this service; the names stand in README.md.
struct Config {
  std::string log_level;
  std::string metrics_listen;
  std::string token_keys_dir;  ///< public keys by which callers are proven
  std::string http_listen;
  HttpLimits http;
  std::string http_cert, http_key;  ///< PEM files; empty for plain HTTP
  RateFigures rates;
  std::string security_contact;       ///< of security.txt; empty: there is none
  std::optional<RedisAddress> redis;  ///< empty: each gateway counts for itself
  int trusted_proxies = 0;
  std::vector<std::string> cors_origins;
  std::string docs_dir;
  std::string grpc_listen;
  http2::Limits grpc;
  std::string grpc_cert, grpc_key;                    ///< PEM files that gRPC clients see
  rpc::TlsFiles tls;                                  ///< for calls to services
  std::map<std::string, std::string> targets;         ///< host:port by area
  std::map<std::string, std::string> stream_targets;  ///< of streaming methods, where it is another

  /// INVALID_ARGUMENT with a line per fault. Each area of the contracts needs its
  /// CARTWISE_<AREA>_TARGET and may have a CARTWISE_<AREA>_STREAMS_TARGET.
  static absl::StatusOr<Config> FromEnv(const std::vector<std::string>& areas);
};

}  // namespace cartwise::gateway
