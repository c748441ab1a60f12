// What hostile clients send, byte by byte, and that honest ones are served meanwhile.

#include <deque>

#include <absl/strings/str_cat.h>
#include <catch2/catch.hpp>

#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

using Response = TestClient::Response;
using std::chrono::milliseconds;

constexpr char kGet[] = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

struct Edges {
  explicit Edges(const HttpLimits& limits = {}) : gateway({.limits = limits}) {}

  TestGateway gateway;
  TestClient honest{gateway.http_port()};
  TestClient hostile{gateway.http_port()};
  const std::string path = "/api/branches/" + gateway.branch.value() + "/carts";
  const std::string post =
      absl::StrCat("POST ", path, " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ",
                   gateway.StaffToken(), "\r\nContent-Type: application/json\r\n");

  bool HonestIsServed() { return honest.Send(kGet).result_int() == 200; }
  Response Post(const std::string& body) {
    return hostile.Send(absl::StrCat(post, "Content-Length: ", body.size(), "\r\n\r\n", body));
  }
};

/// Short times for those who dawdle.
struct Hasty : Edges {
  Hasty() : Edges(Limits()) {}
  /// Who was too slow for times that are meant for others comes again.
  bool HonestIsServed() {
    for (int tries = 0; tries < 10; ++tries) {
      if (TestClient(gateway.http_port()).IsServed(kGet)) return true;
    }
    return false;
  }
  static HttpLimits Limits() {
    HttpLimits limits;
    limits.header_time = limits.body_time = limits.write_time = milliseconds(100);
    return limits;
  }
};

TEST_CASE_METHOD(Hasty, "a head or a body that never ends is cut off") {
  const std::string begun =
      GENERATE("", "GET /hea", "GET /health HTTP/1.1\r\nHost: x\r\nX-A: b\r\n", "body", "chunks",
               "chunk size", "chunks by LF");
  const bool second = GENERATE(false, true);
  // Between two requests a client may wait long.
  if (second && begun.empty()) return;
  CAPTURE(begun, second);
  auto client = std::make_unique<TestClient>(gateway.http_port());
  while (second && !client->IsServed(kGet)) {
    client = std::make_unique<TestClient>(gateway.http_port());
  }
  std::string bytes = begun;
  if (begun == "body") bytes = post + "Content-Length: 100\r\n\r\n{";
  if (begun == "chunks") bytes = post + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n";
  if (begun == "chunk size") bytes = post + "Transfer-Encoding: chunked\r\n\r\n000";
  if (begun == "chunks by LF") bytes = post + "Transfer-Encoding: chunked\r\n\r\n1\n{\n0\n\n";
  client->Write(bytes);
  CHECK(HonestIsServed());
  CHECK(client->AtEnd());
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE_METHOD(Hasty, "who never reads is cut off") {
  for (int i = 0; i < 200; ++i) {
    hostile.Write("GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  CHECK(HonestIsServed());
  // Waits for every connection to end by itself; for ever would overflow, and not wait at all.
  gateway.http().Drain(absl::Hours(1));
}

TEST_CASE("who only holds connections keeps nobody out") {
  HttpLimits limits;
  limits.connections = 10;
  TestGateway gateway({.limits = limits});
  std::deque<TestClient> idle;
  for (int i = 0; i < 30; ++i) {
    idle.emplace_back(gateway.http_port());
    if (i % 3 == 1) idle.back().Write("GET /slow");
    if (i % 3 == 2) CHECK(idle.back().Send(kGet).result_int() == 200);
  }
  CHECK(TestClient(gateway.http_port()).Send(kGet).result_int() == 200);
  CHECK(idle[0].AtEnd());
  CHECK(idle[1].AtEnd());
}

TEST_CASE("a request that is being answered gives way to nobody") {
  HttpLimits limits;
  limits.connections = 1;
  // Who got a place would keep it.
  limits.header_time = std::chrono::hours(1);
  TestGateway gateway({.limits = limits});
  gateway.carts.until_cancelled = true;
  TestClient busy(gateway.http_port());
  busy.Write(absl::StrCat("GET /api/branches/", gateway.branch.value(),
                          "/carts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ",
                          gateway.StaffToken(), "\r\n\r\n"));
  gateway.carts.entered.WaitForNotification();
  CHECK(TestClient(gateway.http_port()).AtEnd());
  CHECK_FALSE(gateway.carts.cancelled.HasBeenNotified());
  gateway.http().Drain(absl::ZeroDuration());
}

TEST_CASE_METHOD(Edges, "a flood of headers and a line without end are 431") {
  const std::string kind = GENERATE("headers", "line", "name");
  std::string flood = kind == "line" ? "GET /" : "GET /health HTTP/1.1\r\nHost: x\r\n";
  while (flood.size() < 40'000) {
    if (kind == "headers") absl::StrAppend(&flood, "a", flood.size(), ": b\r\n");
    if (kind != "headers") absl::StrAppend(&flood, "aaaaaaaa");
  }
  CHECK(hostile.Send(flood).result_int() == 431);
  CHECK(hostile.AtEnd());
  CHECK(HonestIsServed());
}

TEST_CASE_METHOD(Edges, "what surrounds chunks is not kept without bound") {
  const std::string much(1024 * 1024, 'a');
  std::string chunks = "2;x=" + much + "\r\n{}\r\n0\r\n\r\n";
  SECTION("an extension") {}
  SECTION("the last chunk's extension") {
    chunks = "2\r\n{}\r\n0;x=" + much + "\r\n\r\n";
  }
  SECTION("a trailer") {
    chunks = "2\r\n{}\r\n0\r\nX-A: " + much + "\r\n\r\n";
  }
  CHECK(hostile.Send(post + "Transfer-Encoding: chunked\r\n\r\n" + chunks).result_int() == 431);
  CHECK(hostile.AtEnd());
  CHECK(gateway.carts.metadata.empty());
  CHECK(HonestIsServed());
}

TEST_CASE_METHOD(Edges, "a body is told as too large before its end") {
  const std::string length = GENERATE("1048577", "1073741824", "18446744073709551615");
  CHECK(hostile.Send(absl::StrCat(post, "Content-Length: ", length, "\r\n\r\n{")).result_int() ==
        413);
  CHECK(HonestIsServed());
}

TEST_CASE_METHOD(Edges, "hostile JSON is 400 and the connection goes on") {
  std::string keys = "{";
  for (int i = 0; i < 80'000; ++i) absl::StrAppend(&keys, "\"k", i, "\":1,");
  for (const std::string& body :
       {std::string(100'000, '['), std::string(100'000, '{'), "{\"a\":" + std::string(100'000, '['),
        keys + "\"z\":1}", std::string(R"({"cart_number":1,"cart_number":2})"),
        std::string("{\"locker_id\":\"\xff\xfe\"}"), std::string(R"({"cart_number":1e999})"),
        "{\"cart_number\":" + std::string(100'000, '9') + "}", std::string("{\"a\0\":1}", 8),
        std::string(R"({"controller_id":"\ud800"})"), std::string("{} {}"), std::string("null"),
        std::string("[]")}) {
    CAPTURE(body.substr(0, 60));
    CHECK(Post(body).result_int() == 400);
  }
  CHECK(Post("{}").result_int() == 201);
}

TEST_CASE_METHOD(Edges, "a smuggled request is refused with its carrier") {
  const std::string smuggled = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string get = "GET /health HTTP/1.1\r\nHost: x\r\n";
  const std::string text = GENERATE_COPY(
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + smuggled,
      post + "Content-Length: 0\r\nContent-Length: 34\r\n\r\n" + smuggled,
      post + "Content-Length: 0, 34\r\n\r\n" + smuggled, post + "Content-Length: +5\r\n\r\nabcde",
      post + "Content-Length: 0x5\r\n\r\nabcde", post + "Content-Length: 5 5\r\n\r\nabcde",
      post + "Content-Length: \r\n\r\n" + smuggled,
      post + "Content-Length: 99999999999999999999\r\n\r\n" + smuggled,
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: identity\r\n\r\n" + smuggled,
      post +
          "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
      post + "X-A: b\r\n\tTransfer-Encoding: chunked\r\n\r\n" + smuggled,
      get + "X-A: b\nContent-Length: 5\r\n\r\n" + smuggled, get + "X-A: b\rX-B: c\r\n\r\n",
      std::string("GET /health HTTP/1.1\nHost: x\n\n"), get + "\nX-A: b\r\n\r\n",
      get + std::string("X-A: b\0c\r\n\r\n", 12), get + " X-A: b\r\n\r\n", get + ": b\r\n\r\n",
      get + "X A: b\r\n\r\n", get + "X-A\r\n\r\n",
      std::string("GET /health HTTP/1.1\r\n Host: x\r\n\r\n"),
      std::string("GET  /health HTTP/1.1\r\nHost: x\r\n\r\n"),
      std::string("GET /health HTTP/1.1 \r\nHost: x\r\n\r\n"),
      std::string("GET /health http/1.1\r\nHost: x\r\n\r\n"),
      std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  CAPTURE(text);
  CHECK(hostile.Send(text).result_int() == 400);
  CHECK(hostile.AtEnd());
  CHECK(gateway.carts.metadata.empty());
  CHECK(HonestIsServed());
}

TEST_CASE_METHOD(Edges, "broken chunks are refused and closed") {
  const std::string chunks =
      GENERATE("g\r\n", "-1\r\n", " 1\r\n{\r\n0\r\n\r\n", "2\r\n{}X\r\n0\r\n\r\n",
               "fffffffffffffffff\r\n{}", "0x2\r\n{}\r\n0\r\n\r\n", "2 \n{}\r\n0\r\n\r\n");
  CAPTURE(chunks);
  const Response response = hostile.Send(post + "Transfer-Encoding: chunked\r\n\r\n" + chunks);
  CHECK(response.result_int() >= 400);
  CHECK(response.result_int() < 500);
  CHECK(hostile.AtEnd());
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE_METHOD(Edges, "no other spelling of a path leads around a rule") {
  const auto get = [&](const std::string& target) {
    CAPTURE(target);
    const auto status = hostile.Send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").result_int();
    CHECK(HonestIsServed());
    return status;
  };
  SECTION("it is none") {
    const std::string target = GENERATE(
        "/api/%2e%2e/health", "/api/../health", "/./health", "//health", "/health/", "/health%2f",
        "/health%5c", "/health%00", "/%2e/health", "/health;x/..", "/api/branches/..%2f..%2fhealth",
        "/api%2Fopenapi.json", "http://x/health", "*", "/health#x", "/health\xc3");
    CHECK(get(target) == 400);
  }
  SECTION("it is that of something else") {
    const std::string target = GENERATE("/HEALTH", "/health%20", "/api/branches%3fx");
    CHECK(get(target) == 404);
  }
}

TEST_CASE_METHOD(Edges, "a NUL or a control character in the request line is refused") {
  const std::string target =
      GENERATE(std::string("/health\0", 8), std::string("/he\x01lth"), std::string("/health\x7f"));
  CHECK(hostile.Send("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n").result_int() == 400);
}

}  // namespace
}  // namespace cartwise::gateway
