#include "config.hpp"

#include <chrono>

#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>

#include "cartwise/base/optional.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/config/env.hpp"
#include "http/plain_http.hpp"

namespace cartwise::gateway {
namespace {

constexpr char kHttpCert[] = "CARTWISE_GATEWAY_HTTP_TLS_CERT";
constexpr char kHttpKey[] = "CARTWISE_GATEWAY_HTTP_TLS_KEY";
constexpr char kGrpcCert[] = "CARTWISE_GATEWAY_GRPC_TLS_CERT";
constexpr char kGrpcKey[] = "CARTWISE_GATEWAY_GRPC_TLS_KEY";
constexpr char kRedisCa[] = "CARTWISE_REDIS_CA";
constexpr char kRedisCert[] = "CARTWISE_REDIS_CERT";
constexpr char kRedisKey[] = "CARTWISE_REDIS_KEY";

RateFigures ReadRates(config::Env& env) {
  const auto per_minute = [&](const char* name, int fallback) {
    return env.Number(absl::StrCat("CARTWISE_GATEWAY_RATE_", name), fallback, 0, 100'000'000);
  };
  RateFigures rates;
  rates.principal = per_minute("PRINCIPAL", rates.principal);
  rates.shopper = per_minute("SHOPPER", rates.shopper);
  constexpr int kByPlan = -1;
  const int chain = env.Number("CARTWISE_GATEWAY_RATE_CHAIN", kByPlan, kByPlan, 100'000'000);
  rates.chain = If(chain != kByPlan, chain);
  rates.address = per_minute("ADDRESS", rates.address);
  rates.sign_in = per_minute("SIGN_IN", rates.sign_in);
  return rates;
}

std::optional<RedisAddress> ReadRedis(config::Env& env, rpc::TlsFiles files) {
  const std::string url = env.Text("CARTWISE_REDIS_URL", "");
  if (url.empty()) return std::nullopt;
  if (!env.Text(kRedisCa, "").empty()) files.ca = env.File(kRedisCa);
  if (!env.Text(kRedisCert, "").empty() || !env.Text(kRedisKey, "").empty()) {
    files.cert = env.File(kRedisCert);
    files.key = env.File(kRedisKey);
  }
  auto address = RedisAddress::Parse(url, files);
  if (address.ok()) return *std::move(address);
  env.Fault("CARTWISE_REDIS_URL", std::string(address.status().message()));
  return std::nullopt;
}

http2::Limits ReadLimits(config::Env& env) {
  const auto number = [&](const char* name, int fallback, int least, int most) {
    return env.Number(absl::StrCat("CARTWISE_GATEWAY_GRPC_", name), fallback, least, most);
  };
  const auto time = [&](const char* name, std::chrono::milliseconds fallback) {
    return std::chrono::milliseconds(
        number(name, static_cast<int>(fallback.count()), 10, 3'600'000));
  };
  http2::Limits limits;
  limits.connections = number("CONNECTIONS", limits.connections, 1, 1'000'000);
  limits.streams = static_cast<uint32_t>(number("STREAMS", 100, 1, 10'000));
  limits.header_bytes = static_cast<size_t>(number("HEADER_BYTES", 16 * 1024, 1024, 60 * 1024));
  limits.frames_burst = number("FRAMES_BURST", limits.frames_burst, 10, 1'000'000);
  limits.frames_per_second = number("FRAMES_PER_SECOND", limits.frames_per_second, 1, 1'000'000);
  limits.handshake_time = time("HANDSHAKE_MS", limits.handshake_time);
  limits.idle_time = time("IDLE_MS", limits.idle_time);
  limits.stall_time = time("STALL_MS", limits.stall_time);
  limits.answer_time = time("ANSWER_MS", limits.answer_time);
  return limits;
}

}  // namespace

absl::StatusOr<Config> Config::FromEnv(const std::vector<std::string>& areas) {
  config::Env env;
  Config config;
  config.log_level = env.Text("CARTWISE_LOG_LEVEL", "info");
  config.metrics_listen = env.Text("CARTWISE_GATEWAY_METRICS_LISTEN", "127.0.0.1:9105");
  config.token_keys_dir = env.Text("CARTWISE_TOKEN_KEYS_DIR");
  config.http_listen = env.Text("CARTWISE_GATEWAY_HTTP_LISTEN", "127.0.0.1:8080");
  config.http.connections =
      env.Number("CARTWISE_GATEWAY_HTTP_CONNECTIONS", config.http.connections, 1, 100'000);
  config.trusted_proxies = env.Number("CARTWISE_GATEWAY_TRUSTED_PROXIES", 0, 0, 5);
  if (!env.Text(kHttpCert, "").empty() || !env.Text(kHttpKey, "").empty()) {
    config.http_cert = env.File(kHttpCert);
    config.http_key = env.File(kHttpKey);
  }
  config.security_contact = env.Text("CARTWISE_GATEWAY_SECURITY_CONTACT", "");
  config.rates = ReadRates(env);
  config.cors_origins = env.List("CARTWISE_GATEWAY_CORS_ORIGINS");
  config.docs_dir = env.Text("CARTWISE_GATEWAY_DOCS_DIR", "");
  config.grpc_listen = env.Text("CARTWISE_GATEWAY_GRPC_LISTEN", "127.0.0.1:9090");
  config.grpc = ReadLimits(env);
  config.tls = rpc::TlsFiles::FromEnv(env);
  config.redis = ReadRedis(env, config.tls);
  config.rates.shared = config.redis.has_value();
  config.grpc_cert = config.tls.cert;
  config.grpc_key = config.tls.key;
  if (!env.Text(kGrpcCert, "").empty() || !env.Text(kGrpcKey, "").empty()) {
    config.grpc_cert = env.File(kGrpcCert);
    config.grpc_key = env.File(kGrpcKey);
  }
  for (const std::string& area : areas) {
    const std::string prefix = absl::StrCat("CARTWISE_", absl::AsciiStrToUpper(area));
    config.targets[area] = env.Text(absl::StrCat(prefix, "_TARGET"));
    const std::string streams = env.Text(absl::StrCat(prefix, "_STREAMS_TARGET"), "");
    if (!streams.empty()) config.stream_targets[area] = streams;
  }
  if (config.http_cert.empty()) {
    env.Fault(CheckPlainHttp(config.http_listen, config.trusted_proxies));
  }
  CW_RETURN_IF_ERROR(env.status());
  return config;
}

}  // namespace cartwise::gateway
