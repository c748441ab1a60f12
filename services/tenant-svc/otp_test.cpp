#include "domain/otp.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "adapters/otp_secrets.hpp"
#include "cartwise/testing/status.hpp"
#include "domain/otp_limits.hpp"

namespace cartwise::tenant {
namespace {

KeyedOtpSecrets Secrets(char digit = 'a') {
  auto secrets = KeyedOtpSecrets::FromKeys(std::string(64, digit));
  REQUIRE_OK(secrets);
  return *secrets;
}

/// The most wrong codes that one phone and chain can hear of within any `span`, trying from
/// a clean slate and always at the first moment.
int MostGuesses(const OtpLimits& limits, absl::Duration span) {
  // The first rounds come closest together, so the span that starts with the
  // first guess holds the most.
  int guesses = 0;
  size_t round = 0;
  for (absl::Duration at = absl::ZeroDuration(); at < span; ++round) {
    guesses += limits.tries;
    at += limits.try_waits[std::min(round, limits.try_waits.size() - 1)];
  }
  return guesses;
}

TEST_CASE("guessing codes succeeds at most once in 65,000 phones and days", "[otp]") {
  const int guesses = MostGuesses(OtpLimits(), absl::Hours(24));
  const double chance = guesses * 1e-6;
  std::printf("one-time codes: %d guesses per phone and day, success probability %.2e\n", guesses,
              chance);
  CHECK(guesses == 15);
  CHECK(chance <= 1.5e-5 + 1e-12);
}

TEST_CASE("numbers that would make some codes likelier are drawn again", "[otp]") {
  std::vector<uint32_t> numbers = {4'294'967'295u, 4'294'000'000u, 4'293'999'999u, 7u};
  size_t at = 0;
  const auto next = [&] { return numbers[at++]; };
  CHECK(SixDigits(next) == "999999");
  CHECK(at == 3);
  CHECK(SixDigits(next) == "000007");
}

TEST_CASE("codes are spread evenly", "[otp]") {
  auto secrets = Secrets();
  constexpr int kDraws = 20'000;
  std::array<std::array<int, 10>, 6> seen{};
  for (int i = 0; i < kDraws; ++i) {
    const std::string code = secrets.NewCode();
    REQUIRE(IsCode(code));
    for (size_t place = 0; place < 6; ++place) ++seen[place][size_t(code[place] - '0')];
  }
  for (const auto& place : seen) {
    double chi = 0;
    for (const int n : place) chi += (n - kDraws / 10.0) * (n - kDraws / 10.0) / (kDraws / 10.0);
    // 9 degrees of freedom: more than 60 comes about once in a thousand million runs.
    CHECK(chi < 60);
  }
}

TEST_CASE("only six ASCII digits are a code", "[otp]") {
  CHECK(IsCode("000000"));
  for (const char* text : {"", "12345", "1234567", "12345a", "12 456", "-12345"}) {
    CHECK_FALSE(IsCode(text));
  }
  CHECK_FALSE(IsCode("\u0661\u0662\u0663"));
}

TEST_CASE("hashes differ by purpose and key", "[otp]") {
  auto secrets = Secrets();
  const std::string hash = secrets.Keyed("phone", "+972502345678");
  CHECK(hash == Secrets().Keyed("phone", "+972502345678"));
  CHECK(hash != secrets.Keyed("prefix", "+972502345678"));
  CHECK(hash != Secrets('b').Keyed("phone", "+972502345678"));
  CHECK(SameSecret(hash, hash));
  CHECK_FALSE(SameSecret(hash, hash.substr(1)));
  CHECK_FALSE(SameSecret("abc", "abd"));
  CHECK(IsUuid(UuidOfHash(hash)));
  CHECK_FALSE(KeyedOtpSecrets::FromKeys("short").ok());
  CHECK_FALSE(KeyedOtpSecrets::FromKeys(std::string(64, 'x')).ok());
}

TEST_CASE("a client is known by its network", "[otp]") {
  CHECK(NetworkOf("203.0.113.9") == "203.0.113.9");
  CHECK(NetworkOf("ipv4:203.0.113.9:5000") == "203.0.113.9");
  CHECK(NetworkOf("::ffff:203.0.113.9") == "203.0.113.9");
  const std::string network = NetworkOf("2001:db8:1:2:3:4:5:6");
  CHECK(network == NetworkOf("2001:0db8:0001:0002::9"));
  CHECK(network == NetworkOf("ipv6:%5B2001:db8:1:2::7%5D:5000"));
  CHECK(network != NetworkOf("2001:db8:1:3::9"));
  CHECK(NetworkOf("::1") == NetworkOf("0:0:0:0:0:0:0:1"));
  CHECK(PrefixOf("+972502345678") == "+97250234");
}

TEST_CASE("the wait for another code doubles up to a bound", "[otp]") {
  const OtpLimits limits;
  CHECK(limits.WaitAfter(1) == absl::Minutes(1));
  CHECK(limits.WaitAfter(2) == absl::Minutes(2));
  CHECK(limits.WaitAfter(6) == absl::Minutes(32));
  CHECK(limits.WaitAfter(100) == absl::Minutes(32));
}

TEST_CASE("each limit refuses by its own name", "[otp]") {
  const OtpLimits limits;
  const absl::Time now = absl::FromUnixSeconds(1'780'000'000);
  using Fill = void (*)(OtpHistory&, absl::Time);
  const auto [kind, fill] = GENERATE(table<std::string, Fill>({
      {"tries", [](OtpHistory& h, absl::Time t) { h.phone_blocked_until = t + absl::Hours(1); }},
      {"resend",
       [](OtpHistory& h, absl::Time t) {
         h.phone_hour = 1;
         h.last_to_phone = t - absl::Seconds(59);
       }},
      {"phone", [](OtpHistory& h, absl::Time) { h.phone_quarter_hour = 3; }},
      {"phone_day", [](OtpHistory& h, absl::Time) { h.phone_day = 10; }},
      {"address", [](OtpHistory& h, absl::Time) { h.address_hour = 20; }},
      {"prefix_stopped",
       [](OtpHistory& h, absl::Time t) { h.prefix_stopped_until = t + absl::Seconds(1); }},
      {"prefix_stopped",
       [](OtpHistory& h, absl::Time) {
         h.prefix_hour = 20;
         h.prefix_hour_verified = 1;
       }},
      {"prefix",
       [](OtpHistory& h, absl::Time) {
         h.prefix_hour = 50;
         h.prefix_hour_verified = 40;
       }},
      {"branch", [](OtpHistory& h, absl::Time) { h.branch_hour = 200; }},
      {"chain_day", [](OtpHistory& h, absl::Time) { h.chain_day = 2'000; }},
      {"day", [](OtpHistory& h, absl::Time) { h.day = 20'000; }},
  }));
  OtpHistory history;
  CHECK_FALSE(JudgeSend(limits, history, now));
  fill(history, now);
  const auto refused = JudgeSend(limits, history, now);
  REQUIRE(refused);
  CHECK(refused->kind == kind);
  CHECK(refused->wait > absl::ZeroDuration());
}

TEST_CASE("a prefix whose codes are used goes on", "[otp]") {
  OtpHistory history;
  history.prefix_hour = 20;
  history.prefix_hour_verified = 2;
  CHECK_FALSE(JudgeSend(OtpLimits(), history, absl::UnixEpoch()));
}

}  // namespace
}  // namespace cartwise::tenant
