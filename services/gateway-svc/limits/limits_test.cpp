#include <map>

#include <catch2/catch.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "limits/buckets.hpp"
#include "limits/rate_limiter.hpp"

namespace cartwise::gateway {
namespace {

using options::v1::Policy;

constexpr absl::Duration kStart = absl::Hours(1);

int TakeAll(Buckets& buckets, const std::string& key, absl::Duration now) {
  int taken = 0;
  for (; buckets.Look(key, now).allowed; ++taken) buckets.Take(key, now);
  return taken;
}

Policy Of(Policy::Rate rate) {
  Policy policy;
  policy.set_rate(rate);
  return policy;
}

Caller CallerOf(Principal principal, const std::string& subject, const ChainId& chain) {
  Caller caller;
  caller.principal = principal;
  caller.subject = subject;
  caller.chain = chain;
  return caller;
}

TEST_CASE("a bucket gives a minute's requests at once and refills evenly") {
  const int per_minute = GENERATE(1, 7, 60, 6'000);
  CAPTURE(per_minute);
  Buckets buckets(per_minute, 10);
  CHECK(TakeAll(buckets, "a", kStart) == per_minute);
  const Buckets::Level empty = buckets.Look("a", kStart);
  CHECK(empty.remaining == 0);
  CHECK(empty.wait > absl::ZeroDuration());
  CHECK_FALSE(buckets.Look("a", kStart + empty.wait - absl::Nanoseconds(1)).allowed);
  CHECK(TakeAll(buckets, "a", kStart + empty.wait) == 1);
  CHECK(TakeAll(buckets, "a", kStart + empty.wait + absl::Minutes(1)) == per_minute);
  CHECK(buckets.Look("b", kStart).remaining == per_minute);
}

TEST_CASE("a bucket that is full again is forgotten") {
  Buckets buckets(60, 1'000);
  for (int i = 0; i < 500; ++i) buckets.Take("early" + std::to_string(i), kStart);
  CHECK(buckets.size() == 500);
  for (int i = 0; i < 500; ++i) buckets.Take("late", kStart + absl::Seconds(2));
  CHECK(buckets.size() == 1);
}

TEST_CASE("a flood of new keys keeps its bound and cannot refresh a busy bucket") {
  Buckets buckets(60, 100);
  TakeAll(buckets, "busy", kStart);
  for (int i = 0; i < 10'000; ++i) buckets.Take("new" + std::to_string(i), kStart);
  CHECK(buckets.size() == 100);
  CHECK_FALSE(buckets.Look("busy", kStart).allowed);
  CHECK(buckets.Look("newcomer", kStart).allowed);
}

struct Fixture {
  testing::FakeClock clock;
  ChainId chain = ChainId::New();
  std::map<std::string, int> plans;
  RateLimiter::PlanRate plan_rate = [this](const std::string& id) { return plans.at(id); };
  RateLimiter limiter{{.principal = 3, .chain = 5, .address = 2, .sign_in = 1}, clock, plan_rate};
  Caller anonymous;

  bool Allows(Policy::Rate rate, const Caller& caller, const std::string& address = "10.0.0.1") {
    return limiter.Charge(Of(rate), caller, address).status.ok();
  }
  Caller Staff(const std::string& subject) { return CallerOf(Principal::kStaff, subject, chain); }
};

TEST_CASE_METHOD(Fixture, "each principal has its own bucket, a chain one for all of them") {
  for (int i = 0; i < 3; ++i) CHECK(Allows(i == 0 ? Policy::WRITE : Policy::READ, Staff("a")));
  const auto verdict = limiter.Charge(Of(Policy::READ), Staff("a"), "10.0.0.1");
  CHECK(verdict.refused_by == "principal");
  CHECK_REFUSED(verdict.status, "RATE_LIMITED");
  CHECK(verdict.status.code() == absl::StatusCode::kResourceExhausted);
  CHECK(errors::Details(verdict.status).at(0) ==
        std::pair<std::string, std::string>("retry_after_seconds", "20"));
  CHECK(Allows(Policy::READ, Staff("b")));
  CHECK(Allows(Policy::READ, CallerOf(Principal::kShopper, "b", chain)));
  CHECK(limiter.Charge(Of(Policy::READ), Staff("c"), "").refused_by == "chain");
  CHECK(Allows(Policy::READ, CallerOf(Principal::kStaff, "a2", ChainId::New())));
  clock.Advance(absl::Seconds(20));
  CHECK(Allows(Policy::READ, Staff("a")));
}

TEST_CASE_METHOD(
    Fixture,
    "a chain draws on what its plan allows, a minute after the plan changed at the latest") {
  RateLimiter by_plan({.shopper = 0}, clock, plan_rate);
  const ChainId large = ChainId::New();
  plans = {{chain.value(), 2}, {large.value(), 100}};
  const auto allowed = [&](const ChainId& id) {
    const Caller caller = CallerOf(Principal::kShopper, NewUuid(), id);
    int count = 0;
    while (count < 200 && by_plan.Charge(Of(Policy::WRITE), caller, "").status.ok()) ++count;
    return count;
  };

  CHECK(allowed(chain) == 2);
  CHECK(allowed(large) == 100);
  plans[chain.value()] = 50;
  clock.Advance(absl::Minutes(1));
  CHECK(allowed(chain) == 50);
}

TEST_CASE_METHOD(Fixture, "a shopper's own bucket is small, beside that of the chain") {
  plans = {{chain.value(), 100}};
  RateLimiter usual({}, clock, plan_rate);
  const Caller shopper = CallerOf(Principal::kShopper, "s", chain);
  for (int i = 0; i < 60; ++i) CHECK(usual.Charge(Of(Policy::WRITE), shopper, "").status.ok());

  CHECK(usual.Charge(Of(Policy::WRITE), shopper, "").refused_by == "shopper");
  CHECK(usual.Charge(Of(Policy::WRITE), Staff("s"), "").status.ok());
  clock.Advance(absl::Seconds(1));
  CHECK(usual.Charge(Of(Policy::WRITE), shopper, "").status.ok());
}

TEST_CASE_METHOD(Fixture, "a refused request draws on nothing") {
  for (int i = 0; i < 20; ++i) Allows(Policy::READ, Staff("a"));
  CHECK(Allows(Policy::READ, Staff("b")));
  CHECK(Allows(Policy::READ, Staff("b")));
  CHECK_FALSE(Allows(Policy::READ, Staff("b")));
}

TEST_CASE_METHOD(Fixture, "devices and streams draw on no chain") {
  for (int i = 0; i < 5; ++i) Allows(Policy::READ, Staff("s" + std::to_string(i)));
  CHECK_FALSE(Allows(Policy::READ, Staff("t")));
  CHECK(Allows(Policy::STREAM, Staff("t")));
  const Caller device = CallerOf(Principal::kDevice, "d", chain);
  for (const auto rate : {Policy::STREAM, Policy::WRITE, Policy::READ}) CHECK(Allows(rate, device));
  CHECK_FALSE(Allows(Policy::STREAM, device));
}

TEST_CASE_METHOD(Fixture, "nobody counts by address, and /64 is one address") {
  CHECK(Allows(Policy::READ, anonymous, "2001:db8::1"));
  CHECK(Allows(Policy::READ, anonymous, "2001:db8::ffff:2"));
  CHECK_FALSE(Allows(Policy::READ, anonymous, "2001:DB8:0:0:5::3"));
  CHECK(Allows(Policy::READ, anonymous, "2001:db8:0:1::1"));
  CHECK(Allows(Policy::READ, anonymous, "10.0.0.1"));
  CHECK(Allows(Policy::READ, anonymous, "::ffff:10.0.0.1"));
  CHECK_FALSE(Allows(Policy::READ, anonymous, "10.0.0.1"));
}

TEST_CASE_METHOD(Fixture, "sign-in is counted by address, whoever is signed in") {
  CHECK(Allows(Policy::SIGN_IN, anonymous));
  CHECK_FALSE(Allows(Policy::SIGN_IN, anonymous));
  CHECK(limiter.Charge(Of(Policy::SIGN_IN), Staff("a"), "10.0.0.1").refused_by == "sign-in");
  CHECK(Allows(Policy::READ, anonymous));
  CHECK(Allows(Policy::SIGN_IN, Staff("a"), "10.0.0.2"));
}

TEST_CASE_METHOD(Fixture, "a verdict names its policies and what is left") {
  const auto verdict = limiter.Charge(Of(Policy::READ), Staff("a"), "");
  CHECK(verdict.policy == R"("principal";q=3;w=60, "chain";q=5;w=60)");
  CHECK(verdict.limit == R"("principal";r=2;t=20, "chain";r=4;t=12)");
  limiter.Charge(Of(Policy::SIGN_IN), anonymous, "::1");
  CHECK(limiter.Charge(Of(Policy::SIGN_IN), anonymous, "::1").limit == R"("sign-in";r=0;t=60)");
}

TEST_CASE("a figure of zero limits nothing") {
  testing::FakeClock clock;
  RateLimiter limiter({.principal = 0, .chain = 0, .address = 0, .sign_in = 0}, clock,
                      [](const std::string&) { return 1; });
  for (int i = 0; i < 1'000; ++i) {
    const auto verdict = limiter.Charge(Of(Policy::SIGN_IN), {}, "10.0.0.1");
    REQUIRE(verdict.status.ok());
    REQUIRE(verdict.policy.empty());
  }
}

}  // namespace
}  // namespace cartwise::gateway
