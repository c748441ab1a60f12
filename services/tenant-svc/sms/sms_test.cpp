#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "cartwise/base/ids.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "cartwise/testing/status.hpp"
#include "sms/console_sms.hpp"
#include "sms/inforu_sms.hpp"
#include "sms/provider_fake.hpp"

namespace cartwise::tenant {
namespace {

using Json = nlohmann::json;

const CodeMessage kMessage{"+972502345678", "123456", "CartWise code: 123456.", "ref-1"};

InforuSms Provider(const std::string& url, absl::Duration patience = absl::Seconds(20)) {
  return InforuSms({url, "user", "token", "CartWise", patience, patience});
}

/// `patience` is short for who never answers only; a slow machine takes its time.
absl::Status SendTo(const FakeProvider& fake, absl::Duration patience = absl::Seconds(20)) {
  return Provider(fake.url(), patience).Send(kMessage, absl::InfiniteFuture());
}

TEST_CASE("a message reaches Inforu as it wants it", "[sms]") {
  FakeProvider fake({FakeProvider::Json(R"({"StatusId":1,"Data":{"BulkId":7}})")});

  REQUIRE_OK(SendTo(fake));

  REQUIRE(fake.requests().size() == 1);
  const std::string request = fake.requests().front();
  CHECK(request.starts_with("POST /SendSms HTTP/1.1"));
  CHECK(request.find("Authorization: Basic dXNlcjp0b2tlbg==") != std::string::npos);
  const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4));
  CHECK(body["Data"]["Recipients"][0]["Phone"] == "972502345678");
  CHECK(body["Data"]["Message"] == kMessage.text);
  CHECK(body["Data"]["Settings"]["Sender"] == "CartWise");
  CHECK(body["Data"]["Settings"]["CustomerMessageId"] == "ref-1");
}

TEST_CASE("the table of answers says what to do", "[sms]") {
  CHECK(ClassOf(1) == InforuClass::kSent);
  CHECK(ClassOf(-1) == InforuClass::kRetry);
  for (const int quota : {-13, -14, -15}) CHECK(ClassOf(quota) == InforuClass::kQuota);
  for (const int refused : {0,   2,   -2,  -6,  -9,  -11, -16, -17, -18,  -20,
                            -21, -22, -26, -28, -29, -90, -94, -96, -230, -999}) {
    CHECK(ClassOf(refused) == InforuClass::kFinal);
  }
}

TEST_CASE("what may pass is tried once more, under the same reference", "[sms]") {
  const std::string first =
      GENERATE(FakeProvider::Json(R"({"StatusId":-1})"),
               FakeProvider::Json("down", "503 Service Unavailable"),
               std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbr"), std::string());
  FakeProvider fake({first, FakeProvider::Json(R"({"StatusId":1})")});

  REQUIRE_OK(SendTo(fake, absl::Seconds(1)));

  REQUIRE(fake.requests().size() == 2);
  const auto body = [](const std::string& request) {
    return request.substr(request.find("\r\n\r\n"));
  };
  CHECK(body(fake.requests()[0]) == body(fake.requests()[1]));
}

TEST_CASE("an answer that is not the promised one is a failure, told without phone and code",
          "[sms]") {
  const std::string answer = GENERATE(
      FakeProvider::Json(R"({"StatusId":-2})"), FakeProvider::Json(R"({"StatusId":-13})"),
      FakeProvider::Json(R"({"StatusId":1})", "400 Bad Request"),
      FakeProvider::Json(R"({"StatusId":"1"})"), FakeProvider::Json(R"({"StatusId":1e99})"),
      FakeProvider::Json(R"([1])"), FakeProvider::Json(""), FakeProvider::Json("\xFF\xFE"),
      FakeProvider::Json("<html><body>Welcome</body></html>"),
      FakeProvider::Json(std::string(10'000'000, ' ') + R"({"StatusId":1})"),
      std::string("HTTP/1.1 302 Found\r\nLocation: /SendSms\r\nContent-Length: 0\r\n\r\n"));
  FakeProvider fake({answer});

  const absl::Status sent = SendTo(fake);

  CHECK(absl::IsUnavailable(sent));
  CHECK(fake.requests().size() == 1);
  CHECK(sent.message().find("123456") == absl::string_view::npos);
  CHECK(sent.message().find("50234") == absl::string_view::npos);
}

TEST_CASE("a provider that never answers or never ends costs two short tries", "[sms]") {
  const std::string answer =
      GENERATE(std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"));
  FakeProvider fake({answer});
  CHECK(absl::IsUnavailable(SendTo(fake, absl::Milliseconds(500))));
  CHECK(fake.requests().size() == 2);
}

TEST_CASE("nothing is sent when the caller has stopped waiting", "[sms]") {
  FakeProvider fake({FakeProvider::Json(R"({"StatusId":1})")});
  CHECK(absl::IsUnavailable(Provider(fake.url()).Send(kMessage, absl::UnixEpoch())));
  CHECK(fake.requests().empty());
}

TEST_CASE("the console shows codes to its owner only, phones masked", "[sms]") {
  const auto path = std::filesystem::temp_directory_path() / (NewUuid() + ".jsonl");
  testing::FakeClock clock;
  ConsoleSms console(path, clock);

  REQUIRE_OK(console.Send(kMessage, absl::InfiniteFuture()));
  REQUIRE_OK(console.Send(kMessage, absl::InfiniteFuture()));

  std::ifstream file(path);
  std::string line;
  int lines = 0;
  while (std::getline(file, line)) {
    ++lines;
    const Json entry = Json::parse(line);
    CHECK(entry["phone"] == "+972*****78");
    CHECK(entry["code"] == "123456");
  }
  CHECK(lines == 2);
  struct stat about {};
  REQUIRE(stat(path.c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  std::filesystem::remove(path);
  CHECK(absl::IsUnavailable(
      ConsoleSms("/nowhere/at/all", clock).Send(kMessage, absl::InfiniteFuture())));
}

}  // namespace
}  // namespace cartwise::tenant
