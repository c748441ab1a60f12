#include "domain/one_time_codes.hpp"

#include <atomic>
#include <thread>

#include "adapters/otp_secrets.hpp"
#include "cartwise/base/text.hpp"
#include "domain/otp_ports_fake.hpp"
#include "storage/fixture_pgtest.hpp"
#include "storage/housekeeping.hpp"
#include "storage/pg_otp_store.hpp"

namespace cartwise::tenant {
namespace {

constexpr char kPhone[] = "+972502345678";

// A shopper in front of the rack of Haifa.
struct Rack : TwoChains {
  pg::DatabaseOf<OtpStore, PgOtpStore> otp_database{*pool, "tenant"};
  KeyedOtpSecrets secrets = KeyedOtpSecrets::FromKeys(std::string(64, 'a')).value();
  FakeSms sms;
  FakeOtpWatch watch;
  OneTimeCodes codes = With(OtpLimits());

  OneTimeCodes With(const OtpLimits& limits) {
    return OneTimeCodes({database, otp_database, secrets, credentials, sms, watch, clock}, limits);
  }
  Caller From(const std::string& address = "203.0.113.9") {
    Caller caller;
    caller.peer = address;
    return caller;
  }
  auto Request(const std::string& phone = kPhone, const std::string& address = "203.0.113.9") {
    return codes.Request(From(address), phone, haifa.id.value());
  }
  auto Verify(const std::string& code, const std::string& phone = kPhone) {
    return codes.Verify(From(), phone, haifa.id.value(), code);
  }
  std::string Code() const { return sms.sent().back().code; }
  std::string Wrong() const { return Code() == "000000" ? "000001" : "000000"; }
  static std::string Number(int i) {
    const std::string tail = std::to_string(i);
    return "+9725" + std::string(8 - tail.size(), '0') + tail;
  }
};

TEST_CASE("a code that was sent signs its phone in, once", "[otp]") {
  Rack f;
  const auto sent = f.Request("050-234-5678");
  REQUIRE_OK(sent);
  CHECK(sent->resend_after == absl::Seconds(60));
  CHECK(sent->life == absl::Minutes(5));
  REQUIRE(f.sms.sent().size() == 1);
  CHECK(f.sms.sent().front().phone == kPhone);
  CHECK(f.sms.sent().front().text.find(f.Code()) != std::string::npos);

  const auto session = f.Verify(f.Code());
  REQUIRE_OK(session);
  CHECK(session->life == absl::Hours(720));
  CHECK_REFUSED(f.Verify(f.Code()), "CODE_INVALID");
  CHECK(f.watch["verified"] == 1);
}

TEST_CASE("neither phone nor code is stored", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  for (const std::string table :
       {"one_time_codes", "otp_sends", "otp_people", "otp_stopped_prefixes"}) {
    for (const std::string& text : {std::string("502345678"), std::string("203.0.113"), f.Code()}) {
      // A code may occur in a hash or a time by chance; standing alone it may not.
      CHECK(f.Count("tenant." + table + " t WHERE t::text ~ '(^|[(,])" +
                    (text == f.Code() ? text : ".*" + text) + "'") == 0);
    }
  }
}

TEST_CASE("the answer is the same for a known and an unknown phone", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  REQUIRE_OK(f.Verify(f.Code()));
  f.clock.Advance(absl::Hours(2));
  const auto known = f.Request();
  const auto unknown = f.Request("+972541111111");
  REQUIRE_OK(known);
  REQUIRE_OK(unknown);
  CHECK(known->resend_after == unknown->resend_after);
  CHECK(known->life == unknown->life);
  CHECK(f.Verify(f.Wrong(), kPhone).status() == f.Verify(f.Wrong(), "+972529999999").status());
}

TEST_CASE("a code ends after five minutes, and when another is sent", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  const std::string first = f.Code();
  f.clock.Advance(absl::Minutes(5));
  CHECK_REFUSED(f.Verify(first), "CODE_INVALID");
  REQUIRE_OK(f.Request());
  const std::string second = f.Code();
  f.clock.Advance(absl::Minutes(2));
  REQUIRE_OK(f.Request());
  CHECK(f.Count("tenant.one_time_codes") == 1);
  if (second != f.Code()) CHECK_REFUSED(f.Verify(second), "CODE_INVALID");
  REQUIRE_OK(f.Verify(f.Code()));
}

TEST_CASE("a code of one chain opens nothing in another", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  CHECK_REFUSED(f.codes.Verify(f.From(), kPhone, f.tel_aviv.id.value(), f.Code()), "CODE_INVALID");
  REQUIRE_OK(f.codes.Verify(f.From(), kPhone, f.jerusalem.id.value(), f.Code()));
}

TEST_CASE("tries belong to the person: neither another code nor another spelling gives more",
          "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  for (const char* phone : {kPhone, "0502345678", "972502345678"}) {
    CHECK_REFUSED(f.Verify(f.Wrong(), phone), "CODE_INVALID");
  }
  f.clock.Advance(absl::Minutes(1));
  REQUIRE_OK(f.Request());
  CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");

  CHECK_REFUSED(f.Verify(f.Code()), "TOO_MANY_TRIES");
  CHECK_REFUSED(f.Request(), "TOO_MANY_TRIES");
  CHECK(errors::Details(f.Request().status()).front().second == "3600");
  CHECK(f.Count("tenant.one_time_codes") == 0);
  f.clock.Advance(absl::Hours(1));
  REQUIRE_OK(f.Request());
  REQUIRE_OK(f.Verify(f.Code()));
}

TEST_CASE("whoever guesses at every first moment has fifteen guesses a day", "[otp]") {
  Rack f;
  int guesses = 0;
  for (int minute = 0; minute < 24 * 60; ++minute) {
    if (f.Request().ok()) {
      while (testing::ReasonOf(f.Verify(f.Wrong())) == "CODE_INVALID" &&
             f.Count("tenant.one_time_codes") == 1) {
        ++guesses;
      }
      ++guesses;  // the one that ended the code
    }
    f.clock.Advance(absl::Minutes(1));
  }
  CHECK(guesses == 15);
}

TEST_CASE("a right code takes back its own try only", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  for (int i = 0; i < 4; ++i) CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  REQUIRE_OK(f.Verify(f.Code()));
  CHECK(f.Count("tenant.otp_people WHERE tries = 4 AND rounds = 0 AND blocked_until IS NULL") == 1);
  f.clock.Advance(absl::Hours(24));
  REQUIRE_OK(f.Request());
  for (int i = 0; i < 4; ++i) CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  REQUIRE_OK(f.Verify(f.Code()));
}

TEST_CASE("of a hundred who bring the right code at the last try one gets a token", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  for (int i = 0; i < 4; ++i) CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  const std::string right = f.Code(), wrong = f.Wrong();
  const bool mixed = GENERATE(false, true);
  std::atomic<int> won = 0, heard = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 100; ++i) {
    callers.emplace_back([&, i] {
      const auto session = f.Verify(mixed && i % 2 == 0 ? wrong : right);
      if (session.ok()) ++won;
      if (session.ok() || testing::ReasonOf(session) == "CODE_INVALID") ++heard;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(won <= 1);
  if (!mixed) CHECK(won == 1);
  CHECK(f.Count("tenant.one_time_codes") == 0);
}

TEST_CASE("codes for one phone are limited by wait, quarter hour and day", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  const auto soon = f.Request();
  CHECK_REFUSED(soon, "TOO_MANY_CODES");
  CHECK(errors::Details(soon.status()).front() ==
        std::pair<std::string, std::string>("retry_after_seconds", "60"));
  CHECK(f.sms.sent().size() == 1);

  f.clock.Advance(absl::Minutes(1));
  const auto second = f.Request();
  REQUIRE_OK(second);
  CHECK(second->resend_after == absl::Minutes(2));

  int sent = 2;
  for (int minute = 2; minute < 24 * 60; ++minute) {
    f.clock.Advance(absl::Minutes(1));
    if (f.Request().ok()) ++sent;
  }
  CHECK(sent == 10);
  CHECK(f.watch["resend"] > 0);
  CHECK(f.watch["phone_day"] > 0);
}

TEST_CASE("an address, a branch, a chain and the whole cloud have an end", "[otp]") {
  Rack f;
  OtpLimits limits;
  const auto [kind, limit] = GENERATE(table<std::string, int OtpLimits::*>({
      {"address", &OtpLimits::per_address_hour},
      {"prefix", &OtpLimits::per_prefix_hour},
      {"branch", &OtpLimits::per_branch_hour},
      {"chain_day", &OtpLimits::per_chain_day},
      {"day", &OtpLimits::per_day},
  }));
  limits.*limit = 3;
  OneTimeCodes codes = f.With(limits);
  std::atomic<int> sent = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 12; ++i) {
    callers.emplace_back([&, i] {
      if (codes.Request(f.From(), Rack::Number(i), f.haifa.id.value()).ok()) ++sent;
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(sent == 3);
  CHECK(f.sms.sent().size() == 3);
  CHECK(f.watch[kind] == 9);
}

TEST_CASE("a range of numbers that never verifies is stopped for an hour", "[otp]") {
  Rack f;
  OtpLimits limits;
  limits.per_address_hour = 1'000;
  OneTimeCodes codes = f.With(limits);
  const auto ask = [&](int i) {
    return codes.Request(f.From(), Rack::Number(i), f.haifa.id.value());
  };
  for (int i = 0; i < 20; ++i) REQUIRE_OK(ask(i));

  CHECK_REFUSED(ask(20), "TOO_MANY_CODES");
  CHECK(f.Count("tenant.otp_stopped_prefixes") == 1);
  REQUIRE_OK(ask(10'000'000));
  f.clock.Advance(absl::Minutes(59));
  CHECK_REFUSED(ask(21), "TOO_MANY_CODES");
  f.clock.Advance(absl::Minutes(2));
  REQUIRE_OK(ask(21));
}

TEST_CASE("a message that was not sent is told, and counts", "[otp]") {
  Rack f;
  f.sms.next = absl::UnavailableError("provider: StatusId -2");
  const auto sent = f.Request();
  CHECK_REFUSED(sent, "SMS_NOT_SENT");
  CHECK(sent.status().message().find("StatusId") == absl::string_view::npos);
  f.sms.next = absl::OkStatus();
  CHECK_REFUSED(f.Request(), "TOO_MANY_CODES");
}

TEST_CASE("what makes no sense is refused before anything is sent", "[otp]") {
  Rack f;
  CHECK_REFUSED(f.Request("031234567"), "INVALID_FIELD");
  CHECK_REFUSED(f.codes.Request(f.From(), kPhone, "x"), "INVALID_FIELD");
  CHECK_REFUSED(f.codes.Request(f.From(), kPhone, NewUuid()), "BRANCH_NOT_FOUND");
  CHECK_REFUSED(f.Verify("12345"), "INVALID_FIELD");
  CHECK_REFUSED(f.Verify("123456"), "CODE_INVALID");
  f.server.Sql("UPDATE tenant.chains SET active = false");
  CHECK_REFUSED(f.Request(), "BRANCH_INACTIVE");
  CHECK(f.sms.sent().empty());
  CHECK(f.Count("tenant.otp_people") == 0);
}

TEST_CASE("what no limit looks back to is deleted", "[otp]") {
  Rack f;
  REQUIRE_OK(f.Request());
  CHECK_REFUSED(f.Verify(f.Wrong()), "CODE_INVALID");
  f.server.Sql("INSERT INTO tenant.otp_stopped_prefixes VALUES ('" + f.haifa.chain.value() +
               "', 'h', '" + ToRfc3339(f.clock.Now() + absl::Hours(1)) + "')");
  const auto left = [&f] {
    return f.Count("tenant.otp_sends") + f.Count("tenant.otp_people") +
           f.Count("tenant.otp_stopped_prefixes");
  };
  REQUIRE_OK(Tidy(*f.pool, f.clock.Now()));
  CHECK(left() == 3);
  REQUIRE_OK(Tidy(*f.pool, f.clock.Now() + absl::Hours(9 * 24)));
  CHECK(left() + f.Count("tenant.one_time_codes") == 0);
}

}  // namespace
}  // namespace cartwise::tenant
