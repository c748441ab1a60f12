#include "http/server.hpp"

#include <absl/strings/str_cat.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/testing/clock_fake.hpp"
#include "http/test_gateway.hpp"

namespace cartwise::gateway {
namespace {

using Json = nlohmann::json;
using Response = TestClient::Response;

std::string Request(const std::string& line, const std::string& headers = "",
                    const std::string& body = "") {
  const std::string length =
      body.empty() ? "" : absl::StrCat("Content-Length: ", body.size(), "\r\n");
  return absl::StrCat(line, " HTTP/1.1\r\nHost: localhost\r\n", headers, length, "\r\n", body);
}

constexpr char kJson[] = "Content-Type: application/json\r\n";

struct Fixture {
  TestGateway gateway;
  TestClient client{gateway.http_port()};
  std::string bearer = "Authorization: Bearer " + gateway.StaffToken() + "\r\n";
  std::string carts = "/api/branches/" + gateway.branch.value() + "/carts";

  Response Post(const std::string& body, const std::string& headers = kJson) {
    return client.Send(Request("POST " + carts, bearer + headers, body));
  }
};

std::string CodeOf(const Response& response) {
  CHECK(response["Content-Type"] == "application/problem+json");
  const Json problem = Json::parse(response.body());
  CHECK(problem["status"] == response.result_int());
  CHECK(problem["trace_id"] == std::string(response["X-Request-Id"]));
  return problem["code"];
}

TEST_CASE_METHOD(Fixture, "an answer that is too large is no reason to try the same again") {
  const Response response = client.Send(Request("GET " + carts + "?page_size=200000", bearer));
  CHECK(response.result_int() == 400);
  CHECK(CodeOf(response) == "ANSWER_TOO_LARGE");
  CHECK(response.count("Retry-After") == 0);
}

TEST_CASE_METHOD(Fixture, "a GET becomes a call and its answer JSON") {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const Response response = client.Send(
      Request("GET " + carts + "?page_size=2&status=AVAILABLE",
              bearer + "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\nX-Secret: 1\r\n"));
  REQUIRE(response.result_int() == 200);
  CHECK(response["Content-Type"] == "application/json");
  CHECK(response["X-Content-Type-Options"] == "nosniff");
  CHECK(response["Cache-Control"] == "no-store");
  CHECK(response["Content-Security-Policy"] ==
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
  CHECK(response["Referrer-Policy"] == "no-referrer");
  CHECK(response["X-Request-Id"] == trace);
  const Json body = Json::parse(response.body());
  REQUIRE(body["carts"].size() == 2);
  CHECK(body["carts"][1]["cart_number"] == 2);
  CHECK(body["carts"][1]["status"] == "AVAILABLE");
  CHECK(body["carts"][1]["is_locked"] == false);
  CHECK(body["carts"][1]["created_at"] == "2026-05-28T20:26:40Z");
  CHECK_FALSE(body["carts"][1].contains("last_used"));
  CHECK(body["next_page_token"] == "");

  auto& metadata = gateway.carts.metadata;
  CHECK(metadata.find("authorization")->second.starts_with("Bearer "));
  CHECK(metadata.find("traceparent")->second.starts_with("00-" + trace));
  CHECK(metadata.find("x-forwarded-for")->second == "127.0.0.1");
  CHECK(metadata.count("x-secret") == 0);
}

TEST_CASE_METHOD(Fixture, "a POST that makes something is 201 and carries its key on") {
  const Response response = Post(R"({"controller_id": "c", "cart_number": 7, "locker_id": 1})",
                                 absl::StrCat(kJson, "Idempotency-Key: \"k 1\"\r\n"));
  CHECK(response.result_int() == 201);
  CHECK(gateway.carts.created.branch_id() == gateway.branch.value());
  CHECK(gateway.carts.created.cart_number() == 7);
  CHECK(gateway.carts.metadata.find("idempotency-key")->second == "k 1");
}

TEST_CASE_METHOD(Fixture, "a file goes out as it is, under its own type and name") {
  gateway.audit.file.set_content_type("text/csv; charset=utf-8");
  gateway.audit.file.set_name("audit.csv");
  gateway.audit.file.set_content("no,actor\r\n1,\"a\nb\"\r\n");

  const Response response = client.Send(Request("GET /api/audit/export", bearer));

  REQUIRE(response.result_int() == 200);
  CHECK(response["Content-Type"] == "text/csv; charset=utf-8");
  CHECK(response["Content-Disposition"] == "attachment; filename=\"audit.csv\"");
  CHECK(response["X-Content-Type-Options"] == "nosniff");
  CHECK(response.body() == "no,actor\r\n1,\"a\nb\"\r\n");
}

TEST_CASE_METHOD(Fixture, "a file whose name could end a header is not sent") {
  gateway.audit.file.set_content_type("text/csv");
  gateway.audit.file.set_name("a\r\nSet-Cookie: x");
  CHECK(client.Send(Request("GET /api/audit/export", bearer)).result_int() == 500);

  gateway.audit.file.set_name("a.csv");
  gateway.audit.file.set_content_type("text/csv\r\nSet-Cookie: x");
  CHECK(client.Send(Request("GET /api/audit/export", bearer)).result_int() == 500);
}

TEST_CASE_METHOD(Fixture, "nothing to say is 204 without a body") {
  const Response response = client.Send(Request("DELETE " + carts + "/c1", bearer));
  CHECK(response.result_int() == 204);
  CHECK(response.body().empty());
  CHECK(response.count("Content-Length") == 0);
  CHECK(response.count("Content-Type") == 0);
}

TEST_CASE_METHOD(Fixture, "a bad body is told by code and field, the connection goes on") {
  CHECK(CodeOf(Post("{\"cart_number\": ")) == "INVALID_JSON");
  CHECK(CodeOf(Post(std::string(100'000, '['))) == "INVALID_JSON");
  const Response unknown = Post(R"({"cart_number": 1, "colour": "red"})");
  CHECK(unknown.result_int() == 400);
  CHECK(CodeOf(unknown) == "INVALID_FIELD");
  CHECK(Json::parse(unknown.body())["errors"][0]["field"] == "colour");
  CHECK(CodeOf(Post(R"({"branch_id": "other"})")) == "INVALID_FIELD");
  CHECK(Post("{}").result_int() == 201);
}

TEST_CASE_METHOD(Fixture, "only JSON is taken") {
  CHECK(Post("{}", "Content-Type: application/json; charset=utf-8\r\n").result_int() == 201);
  const char* headers = GENERATE("", "Content-Type: text/plain\r\n", "Content-Type: text/json\r\n",
                                 "Content-Type: application/json; charset=latin1\r\n",
                                 "Content-Type: application/json\r\nContent-Encoding: gzip\r\n");
  const Response response = Post("{}", headers);
  CHECK(response.result_int() == 415);
  CHECK(CodeOf(response) == "UNSUPPORTED_MEDIA_TYPE");
}

TEST_CASE_METHOD(Fixture, "a huge body is refused at its announcement and not taken in") {
  client.Write(
      Request("POST " + carts, absl::StrCat(bearer, kJson, "Content-Length: 10000000\r\n")));
  const Response response = client.Read();
  CHECK(response.result_int() == 413);
  CHECK(CodeOf(response) == "BODY_TOO_LARGE");
  CHECK(response["Connection"] == "close");
  CHECK(client.AtEnd());
}

TEST_CASE_METHOD(Fixture, "a huge body without a length is refused when it gets too long") {
  client.Write(
      Request("POST " + carts, absl::StrCat(bearer, kJson, "Transfer-Encoding: chunked\r\n")));
  const std::string chunk = "80000\r\n" + std::string(0x80000, ' ') + "\r\n";
  client.Write(chunk + chunk + chunk);
  CHECK(client.Read().result_int() == 413);
}

TEST_CASE_METHOD(Fixture, "a body whose message no service takes is refused here") {
  std::string zeros = "0";
  for (int i = 0; i < 200'000; ++i) zeros += ",0";  // 11 bytes each in the message
  const std::string body = R"({"kind": "lock.read", "arguments": {"list": [)" + zeros + "]}}";
  const Response response =
      client.Send(Request("POST /api/devices/d/commands", bearer + kJson, body));
  CHECK(response.result_int() == 413);
  CHECK(CodeOf(response) == "BODY_TOO_LARGE");
  CHECK(Post("{}").result_int() == 201);
}

TEST_CASE_METHOD(Fixture, "a client that waits to be asked for its body is asked") {
  client.Write(Request("POST " + carts, absl::StrCat(bearer, kJson,
                                                     "Expect: 100-continue\r\n"
                                                     "Content-Length: 2\r\n")));
  CHECK(client.Read().result_int() == 100);
  CHECK(client.Send("{}").result_int() == 201);
}

TEST_CASE_METHOD(Fixture, "a head that is too large is 431") {
  const Response response =
      client.Send(Request("GET /health", "X-Long: " + std::string(20'000, 'x') + "\r\n"));
  CHECK(response.result_int() == 431);
  CHECK(CodeOf(response) == "HEADER_TOO_LARGE");
}

TEST_CASE_METHOD(Fixture, "requests that two readers could frame differently are refused") {
  const char* text = GENERATE(
      "nonsense\r\n\r\n", "GET /health HTTP/1.1\r\n\r\n", "GET /health HTTP/9.9\r\nHost: x\r\n\r\n",
      "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: "
      "chunked\r\n\r\n0\r\n\r\n",
      "POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: "
      "5\r\n\r\n0\r\n\r\n",
      "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
      "POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\nabc",
      "POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "GET /health\tHTTP/1.1\r\nHost: x\r\n\r\n", "GET /health HTTP/1.1\r\nHost : x\r\n\r\n");
  CAPTURE(text);
  const Response response = client.Send(text);
  CHECK(response.result_int() == 400);
  CHECK(CodeOf(response) == "BAD_HTTP");
  CHECK(client.AtEnd());
}

TEST_CASE_METHOD(Fixture, "pipelined requests are answered in order on one connection") {
  client.Write(Request("GET " + carts + "?page_size=1", bearer) + Request("GET /api/nothing") +
               Request("HEAD " + carts + "?page_size=3", bearer) + Request("GET /health"));
  CHECK(client.Read().result_int() == 200);
  CHECK(client.Read().result_int() == 404);
  const Response head = client.Read(true);
  CHECK(head.result_int() == 200);
  CHECK(head.body().empty());
  CHECK(std::stoi(std::string(head["Content-Length"])) > 300);
  CHECK(client.Read().result_int() == 200);
}

TEST_CASE_METHOD(Fixture, "a connection closes when its client says so") {
  CHECK(client.Send(Request("GET /health", "Connection: close\r\n")).result_int() == 200);
  CHECK(client.AtEnd());
}

TEST_CASE_METHOD(Fixture, "unknown paths, methods, headers and queries are told apart") {
  CHECK(CodeOf(client.Send(Request("GET /api/nothing"))) == "ROUTE_NOT_FOUND");
  CHECK(CodeOf(client.Send(Request("GET /docs/nothing.js"))) == "ROUTE_NOT_FOUND");
  CHECK(CodeOf(client.Send(Request("GET /api//branches"))) == "BAD_PATH");
  const Response wrong = client.Send(Request("PATCH " + carts, bearer));
  CHECK(wrong.result_int() == 405);
  CHECK(CodeOf(wrong) == "METHOD_NOT_ALLOWED");
  CHECK(wrong["Allow"] == "GET, HEAD, POST, OPTIONS");
  CHECK(client.Send(Request("BREW /health")).result_int() == 405);
  CHECK(CodeOf(client.Send(Request("GET " + carts + "?colour=red", bearer))) == "INVALID_FIELD");
  CHECK(CodeOf(Post("{}", absl::StrCat(kJson, "Idempotency-Key:\r\n"))) == "BAD_IDEMPOTENCY_KEY");
  CHECK(CodeOf(Post("{}", absl::StrCat(kJson, "Idempotency-Key: a\r\nIdempotency-Key: b\r\n"))) ==
        "BAD_IDEMPOTENCY_KEY");
  CHECK(CodeOf(client.Send(Request("GET " + carts, bearer + bearer))) == "BAD_HEADER");
}

TEST_CASE_METHOD(Fixture, "who may not is refused before the service hears of it") {
  const Response nobody = client.Send(Request("GET " + carts));
  CHECK(nobody.result_int() == 401);
  CHECK(nobody["WWW-Authenticate"] == "Bearer");
  CHECK(CodeOf(nobody) == "SIGN_IN_REQUIRED");
  const auto as = [&](const std::string& header, const std::string& line) {
    return CodeOf(client.Send(Request(line, "Authorization: " + header + "\r\n")));
  };
  const std::string viewer = "Bearer " + gateway.StaffToken(Role::kViewer);
  CHECK(as("Bearer nonsense", "GET " + carts) == "BAD_TOKEN");
  CHECK(as("Basic YTpi", "GET " + carts) == "BAD_TOKEN");
  CHECK(as(viewer, "DELETE " + carts + "/c") == "NOT_ALLOWED");
  CHECK(as("Bearer " + gateway.DeviceToken(), "GET " + carts) == "NOT_ALLOWED");
  CHECK(as(viewer, "GET /api/branches/" + BranchId::New().value() + "/carts") ==
        "BRANCH_NOT_FOUND");
  CHECK(gateway.carts.metadata.empty());
}

TEST_CASE("a caller who asks too often is 429 until its bucket refills") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.principal = 2, .chain = 3}, .clock = &clock});
  TestClient client(gateway.http_port());
  const auto get = [&](const std::string& token) {
    return client.Send(Request("GET /api/branches/" + gateway.branch.value() + "/carts",
                               "Authorization: Bearer " + token + "\r\n"));
  };
  const std::string anna = gateway.StaffToken();
  const std::string ben = gateway.StaffToken();
  const Response first = get(anna);
  CHECK(first.result_int() == 200);
  CHECK(first["RateLimit-Policy"] == R"("principal";q=2;w=60, "chain";q=3;w=60)");
  CHECK(first["RateLimit"] == R"("principal";r=1;t=30, "chain";r=2;t=20)");
  CHECK(first.count("Retry-After") == 0);
  CHECK(get(anna).result_int() == 200);
  gateway.carts.metadata.clear();
  const Response refused = get(anna);
  CHECK(refused.result_int() == 429);
  CHECK(CodeOf(refused) == "RATE_LIMITED");
  CHECK(refused["Retry-After"] == "30");
  CHECK(refused["RateLimit"] == R"("principal";r=0;t=60, "chain";r=1;t=40)");
  CHECK(gateway.carts.metadata.empty());

  CHECK(get(ben).result_int() == 200);
  const Response of_chain = get(ben);
  CHECK(of_chain.result_int() == 429);
  CHECK(of_chain["Retry-After"] == "20");
  clock.Advance(absl::Seconds(20));
  CHECK(get(ben).result_int() == 200);
  const std::string text = gateway.metrics.Text();
  CHECK(text.find("cartwise_gateway_rate_limited_total{policy=\"chain\"} 1") != std::string::npos);
}

TEST_CASE("bad tokens draw on the address that brings them, good ones from there pass") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.address = 2}, .clock = &clock});
  TestClient client(gateway.http_port());
  const auto get = [&](const std::string& token) {
    return client.Send(Request("GET /api/branches/" + gateway.branch.value() + "/carts",
                               "Authorization: Bearer " + token + "\r\n"));
  };
  const Response first = get("guess");
  CHECK(first.result_int() == 401);
  CHECK(first["RateLimit"] == R"("address";r=1;t=30)");
  CHECK(get("guess-2").result_int() == 401);

  const Response refused = get("guess-3");
  CHECK(refused.result_int() == 429);
  CHECK(CodeOf(refused) == "RATE_LIMITED");
  CHECK(refused["Retry-After"] == "30");
  CHECK(get(gateway.StaffToken()).result_int() == 200);

  clock.Advance(absl::Seconds(30));
  CHECK(get("guess-4").result_int() == 401);
}

TEST_CASE("nobody is counted by the address that our own proxy wrote") {
  testing::FakeClock clock;
  TestGateway gateway({.rates = {.sign_in = 1}, .trusted_proxies = 1, .clock = &clock});
  TestClient client(gateway.http_port());
  const auto sign_in = [&](const std::string& headers) {
    const Response response =
        client.Send(Request("POST /api/auth/login", absl::StrCat(headers, kJson), "{}"));
    return response.result_int() == 429;
  };
  CHECK_FALSE(sign_in("X-Forwarded-For: 1.2.3.4\r\n"));
  CHECK(sign_in("X-Forwarded-For: 1.2.3.4\r\n"));
  CHECK(sign_in("X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n"));
  CHECK(sign_in("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4\r\n"));
  CHECK(sign_in("X-Forwarded-For: 1.2.3.4\r\nx_forwarded_for: 6.6.6.6\r\n"));
  CHECK_FALSE(sign_in("X-Forwarded-For: 1.2.3.5\r\n"));
}

TEST_CASE("what the gateway answers itself is limited by no rate") {
  TestGateway gateway({.rates = {.principal = 1, .chain = 1, .address = 1, .sign_in = 1}});
  TestClient client(gateway.http_port());
  for (int i = 0; i < 5; ++i) {
    const Response health = client.Send(Request("GET /health"));
    CHECK(health.result_int() == 200);
    CHECK(health.count("RateLimit") == 0);
  }
}

TEST_CASE_METHOD(Fixture, "a service's refusal keeps its reason, its fault keeps silent") {
  gateway.carts.answer = errors::WithDetail(
      errors::Refuse(absl::StatusCode::kFailedPrecondition, "NO_FREE_CART", "none is free"),
      "branch", "b");
  const Response refused = client.Send(Request("GET " + carts, bearer));
  CHECK(refused.result_int() == 409);
  CHECK(CodeOf(refused) == "NO_FREE_CART");
  CHECK(Json::parse(refused.body())["branch"] == "b");

  gateway.carts.answer = absl::InternalError("SELECT * FROM rental.carts");
  const Response failed = client.Send(Request("GET " + carts, bearer));
  CHECK(failed.result_int() == 500);
  CHECK(CodeOf(failed) == "INTERNAL");
  CHECK(failed.body().find("SELECT") == std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a service that is away is 503 without its address") {
  gateway.StopServices();
  const Response response = client.Send(Request("GET " + carts, bearer));
  CHECK(response.result_int() == 503);
  CHECK(response["Retry-After"] == "1");
  CHECK(CodeOf(response) == "UNAVAILABLE");
  CHECK(response.body().find("127.0.0.1") == std::string::npos);
}

TEST_CASE_METHOD(Fixture,
                 "what may have been done is repeated by a clock only where that is safe") {
  gateway.carts.answer =
      errors::Refuse(absl::StatusCode::kUnavailable, "OUTCOME_UNKNOWN", "nobody knows");
  const Response write = Post("{}");
  CHECK(write.result_int() == 503);
  CHECK(write.count("Retry-After") == 0);
  const Response read = client.Send(Request("GET " + carts, bearer));
  CHECK(read.result_int() == 503);
  CHECK(read["Retry-After"] == "1");
}

TEST_CASE_METHOD(Fixture, "a browser's preflight is answered for listed origins") {
  const Response allowed = client.Send(
      Request("OPTIONS " + carts,
              "Origin: https://manage.example.com\r\nAccess-Control-Request-Method: POST\r\n"));
  CHECK(allowed.result_int() == 204);
  CHECK(allowed["Access-Control-Allow-Origin"] == "https://manage.example.com");
  CHECK(allowed["Access-Control-Allow-Methods"] == "GET, HEAD, POST, OPTIONS");
  const Response refused =
      client.Send(Request("OPTIONS " + carts, "Origin: https://evil.example.com\r\n"));
  CHECK(refused.count("Access-Control-Allow-Origin") == 0);
}

TEST_CASE_METHOD(Fixture, "health and the description are for everybody") {
  const Response health = client.Send(Request("GET /health"));
  CHECK(health.result_int() == 200);
  CHECK(Json::parse(health.body()).contains("upstreams"));
  const Response jwks = client.Send(Request("GET /.well-known/jwks.json"));
  CHECK(Json::parse(jwks.body())["keys"].size() == 2);
  CHECK(jwks["Cache-Control"] == "public, max-age=300");
  const Response contact = client.Send(Request("GET /.well-known/security.txt"));
  CHECK(contact["Content-Type"] == "text/plain; charset=utf-8");
  CHECK_THAT(contact.body(),
             Catch::StartsWith("Contact: mailto:security@gateway.test\nExpires: 2"));
  const Response openapi = client.Send(Request("GET /api/openapi.json"));
  CHECK(Json::parse(openapi.body())["paths"].size() > 30);
  const auto moved = client.Send(Request("GET /docs/"));
  CHECK(moved["Location"] == "/docs");
  CHECK(moved.reason() == "Found");
}

TEST_CASE_METHOD(Fixture, "a drain ends idle connections and gives up what hangs") {
  gateway.carts.until_cancelled = true;
  TestClient busy(gateway.http_port());
  busy.Write(Request("GET " + carts, bearer));
  gateway.carts.entered.WaitForNotification();
  CHECK(client.Send(Request("GET /health")).result_int() == 200);
  gateway.http().Drain(absl::ZeroDuration());
  gateway.carts.cancelled.WaitForNotification();
  CHECK(client.AtEnd());
}

TEST_CASE_METHOD(Fixture, "requests are counted by route, never by path") {
  client.Send(Request("GET " + carts, bearer));
  client.Send(Request("BREW /api/secret-path"));
  const std::string text = gateway.metrics.Text();
  CHECK(text.find("route=\"/api/branches/{branch_id}/carts\"") != std::string::npos);
  CHECK(text.find(gateway.branch.value()) == std::string::npos);
  CHECK(text.find("secret-path") == std::string::npos);
  CHECK(text.find("BREW") == std::string::npos);
}

}  // namespace
}  // namespace cartwise::gateway
