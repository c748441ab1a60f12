#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/process/child.hpp>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "cartwise/testing/fake_clock.hpp"
#include "cartwise/testing/status.hpp"
#include "limits/rate_limiter.hpp"

namespace cartwise::gateway {
namespace {

using options::v1::Policy;

/// A Redis of its own, without a disk. Debian's redis-tools holds the server under
/// another name, so no daemon has to be installed.
class Redis {
 public:
  Redis() {
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
    server_ = boost::process::child((folder_ / "redis-server").string(), "--port",
                                    std::to_string(port_), "--bind", "127.0.0.1", "--dir",
                                    folder_.string(), "--logfile", (folder_ / "log").string());
    while (!Answers()) REQUIRE(server_.running());
  }
  void Stop() {
    if (server_.valid()) server_.terminate();
  }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

 private:
  static int FreePort() {
    boost::asio::io_context context;
    boost::asio::ip::tcp::acceptor any(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
    return any.local_endpoint().port();
  }
  bool Answers() const {
    return SharedLimits::Of(url()).value()->Exchange({{"ready", 0, absl::Seconds(1)}}).ok();
  }

  std::filesystem::path folder_;
  int port_ = 0;
  boost::process::child server_;
};

/// One gateway of several.
struct Gateway {
  explicit Gateway(const std::string& url) : others(SharedLimits::Of(url).value()) {}

  int TakeAll(const Caller& caller) {
    Policy policy;
    policy.set_rate(Policy::READ);
    int taken = 0;
    while (taken < 1'000 && limiter.Charge(policy, caller, "").status.ok()) ++taken;
    return taken;
  }

  testing::FakeClock clock;
  std::unique_ptr<SharedLimits> others;
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
  REQUIRE_OK(one.limiter.Share(*one.others));
  CHECK(two.TakeAll(Somebody()) == 10);
  // It has not heard of this caller, so it gives and then hears of the debt.
  Policy policy;
  policy.set_rate(Policy::READ);
  REQUIRE(two.limiter.Charge(policy, caller, "").status.ok());
  REQUIRE_OK(two.limiter.Share(*two.others));

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
  CHECK_FALSE(one.limiter.Share(*one.others).ok());
  redis.Start();
  REQUIRE_OK(one.limiter.Share(*one.others));

  Policy policy;
  policy.set_rate(Policy::READ);
  REQUIRE(two.limiter.Charge(policy, caller, "").status.ok());
  REQUIRE_OK(two.limiter.Share(*two.others));
  CHECK(two.TakeAll(caller) == 0);
}

TEST_CASE("the address of Redis is checked") {
  CHECK(SharedLimits::Of("redis://:secret@redis.example:6380/2").ok());
  CHECK(SharedLimits::Of("redis://redis").ok());
  CHECK_FALSE(SharedLimits::Of("rediss://redis").ok());
  CHECK_FALSE(SharedLimits::Of("redis://").ok());
  CHECK_FALSE(SharedLimits::Of("redis:6379").ok());
}

}  // namespace
}  // namespace cartwise::gateway
