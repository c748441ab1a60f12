#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/process/child.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "cartwise/auth/test_credentials.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "limits/rate_limiter.hpp"
#include "limits/shared_limits.hpp"

namespace cartwise::gateway {
namespace {

using options::v1::Policy;
using Certificates = auth::TestCertificates;

rpc::TlsFiles ToTls(const Certificates::Files& files) {
  return {files.ca, files.cert, files.key};
}

RedisAddress AddressOf(const std::string& url, const rpc::TlsFiles& files = {}) {
  return RedisAddress::Parse(url, files).value();
}

/// A Redis of its own, without a disk; with `tls` it is called by the name in its
/// certificate and wants one of whoever comes. Debian's redis-tools holds the server
/// under another name, so no daemon has to be installed.
class Redis {
 public:
  explicit Redis(std::optional<Certificates::Files> tls = std::nullopt) : tls_(std::move(tls)) {
    char path[] = "/tmp/cw-redis-XXXXXX";
    folder_ = mkdtemp(path);
    std::filesystem::create_symlink("/usr/bin/redis-check-rdb", folder_ / "redis-server");
    port_ = FreePort();
    Start();
  }
  ~Redis() {
    Stop();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    std::vector<std::string> words = {"--bind",         "127.0.0.1", "--dir",
                                      folder_.string(), "--logfile", log()};
    const auto add = [&](const std::vector<std::string>& more) {
      words.insert(words.end(), more.begin(), more.end());
    };
    add({tls_ ? "--tls-port" : "--port", std::to_string(port_)});
    if (tls_) {
      add({"--port", "0", "--tls-cert-file", tls_->cert, "--tls-key-file", tls_->key,
           "--tls-ca-cert-file", tls_->ca});
    }
    server_ = boost::process::child((folder_ / "redis-server").string(), words);
    while (!Listens()) REQUIRE(server_.running());
  }
  void Stop() {
    if (server_.valid()) server_.terminate();
  }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  std::string tls_url() const { return "rediss://localhost:" + std::to_string(port_); }

 private:
  static int FreePort() {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor any(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    return any.local_endpoint().port();
  }
  std::string log() const { return (folder_ / "log").string(); }
  bool Listens() const {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    boost::system::error_code fault;
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), uint16_t(port_)}, fault);
    return !fault;
  }

  const std::optional<Certificates::Files> tls_;
  std::filesystem::path folder_;
  int port_ = 0;
  boost::process::child server_;
};

/// One gateway of several.
struct Gateway {
  explicit Gateway(const std::string& url, const rpc::TlsFiles& files = {})
      : others(AddressOf(url, files)) {}

  int TakeAll(const Caller& caller) {
    Policy policy;
    policy.set_rate(Policy::READ);
    int taken = 0;
    while (taken < 1'000 && limiter.Charge(policy, caller, "").status.ok()) ++taken;
    return taken;
  }

  testing::FakeClock clock;
  SharedLimits others;
  RateLimiter limiter{
      {.principal = 10, .chain = 0, .shared = true}, clock, [](const std::string&) { return 1; }};
};

Caller Somebody() {
  Caller caller;
  caller.principal = Principal::kStaff;
  caller.subject = NewUuid();
  return caller;
}

TEST_CASE("what one gateway gave out another does not give out again") {
  const Redis redis;
  Gateway one(redis.url()), two(redis.url());
  const Caller caller = Somebody();

  CHECK(one.TakeAll(caller) == 10);
  REQUIRE_OK(one.limiter.Share(one.others));
  CHECK(two.TakeAll(Somebody()) == 10);
  // It has not heard of this caller, so it gives and then hears of the debt.
  Policy policy;
  policy.set_rate(Policy::READ);
  REQUIRE(two.limiter.Charge(policy, caller, "").status.ok());
  REQUIRE_OK(two.limiter.Share(two.others));

  CHECK(two.TakeAll(caller) == 0);
  two.clock.Advance(absl::Minutes(1));
  CHECK(two.TakeAll(caller) > 0);
}

TEST_CASE("what was drawn while Redis was away is told when it is back") {
  Redis redis;
  Gateway one(redis.url()), two(redis.url());
  const Caller caller = Somebody();
  redis.Stop();

  CHECK(one.TakeAll(caller) == 10);
  CHECK_FALSE(one.limiter.Share(one.others).ok());
  redis.Start();
  REQUIRE_OK(one.limiter.Share(one.others));

  Policy policy;
  policy.set_rate(Policy::READ);
  REQUIRE(two.limiter.Charge(policy, caller, "").status.ok());
  REQUIRE_OK(two.limiter.Share(two.others));
  CHECK(two.TakeAll(caller) == 0);
}

TEST_CASE("rates are counted together over TLS that proves both ends") {
  const Certificates ours;
  const Redis redis(ours.Of("localhost"));
  const rpc::TlsFiles files = ToTls(ours.Of("gateway-svc"));
  Gateway one(redis.tls_url(), files), two(redis.tls_url() + "/1", files);

  CHECK(one.TakeAll(Somebody()) == 10);
  REQUIRE_OK(one.limiter.Share(one.others));
  // Twice, since the second goes over the connection that is there.
  REQUIRE_OK(one.limiter.Share(one.others));
  REQUIRE_OK(two.limiter.Share(two.others));
}

std::string WhyNot(const std::string& url, const rpc::TlsFiles& files) {
  const auto line = RedisLine::Open(AddressOf(url, files));
  if (!line.ok()) return std::string(line.status().message());
  (*line)->Append("PING");
  return std::string((*line)->NextReply().status().message());
}

TEST_CASE("a Redis that cannot prove itself is told nothing, nor does it answer strangers") {
  const Certificates ours, foreign;
  const rpc::TlsFiles files = ToTls(ours.Of("gateway-svc"));
  const Redis redis(ours.Of("localhost")), other(ours.Of("redis.example.test")), plain;

  CHECK(WhyNot(redis.tls_url(), files).empty());
  CHECK_THAT(WhyNot(redis.tls_url(), {foreign.Of("any").ca, files.cert, files.key}),
             Catch::Contains("certificate"));
  CHECK_THAT(WhyNot(other.tls_url(), files), Catch::Contains("hostname mismatch"));
  CHECK_FALSE(WhyNot(plain.tls_url(), files).empty());
  rpc::TlsFiles stranger = ToTls(foreign.Of("gateway-svc"));
  stranger.ca = files.ca;
  CHECK_FALSE(WhyNot(redis.tls_url(), stranger).empty());
  CHECK_THAT(WhyNot(redis.tls_url(), {files.ca, "/none", "/none"}), Catch::Contains("/none"));
}

TEST_CASE("the address of Redis is checked, and one elsewhere needs TLS") {
  const auto usable = [](const std::string& url) { return RedisAddress::Parse(url, {}).ok(); };

  CHECK(usable("redis://:secret@127.0.0.1:6380/2"));
  CHECK(usable("redis://localhost"));
  CHECK(usable("rediss://:secret@redis.example.test:6380/2"));
  CHECK(usable("rediss://redis"));
  CHECK_FALSE(usable("redis://redis.example.test"));
  CHECK_FALSE(usable("redis://:127.0.0.1@10.0.0.7"));
  CHECK_FALSE(usable("redis://"));
  CHECK_FALSE(usable("redis:6379"));
}

}  // namespace
}  // namespace cartwise::gateway
