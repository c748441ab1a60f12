#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cartwise/base/ids.hpp"
#include "cartwise/testing/status.hpp"
#include "http/cors.hpp"
#include "http/docs_site.hpp"
#include "http/problem.hpp"
#include "http/target.hpp"
#include "proxy/client_address.hpp"

namespace cartwise::gateway {
namespace {

std::string Header(const Answer& answer, const std::string& name) {
  for (const auto& [known, value] : answer.headers) {
    if (known == name) return value;
  }
  return "";
}

TEST_CASE("a target is decoded into segments and parameters") {
  const auto target = ParseTarget("/api/a%20b/%D7%A9?x=1&y=a+b%26&flag&=&&z=");
  REQUIRE_OK(target);
  CHECK(target->segments == std::vector<std::string>{"api", "a b", "\xd7\xa9"});
  CHECK(target->query == std::vector<std::pair<std::string, std::string>>{
                             {"x", "1"}, {"y", "a b&"}, {"flag", ""}, {"", ""}, {"z", ""}});
  CHECK(ParseTarget("/")->segments.empty());
  CHECK(ParseTarget("/a+b")->segments[0] == "a+b");
}

TEST_CASE("a path has one spelling") {
  const char* raw = GENERATE("", "api", "*", "http://x/api", "//", "/api//x", "/api/", "/api/./x",
                             "/api/../x", "/api/%2e%2e/x", "/api/%2E", "/api/a%2Fb", "/api/a%5cb",
                             "/api/a\\b", "/api/%", "/api/%4", "/api/%zz", "/api/%00",
                             "/api/%0d%0a", "/api/%ff", "/api/\xff", "/api/x#y");
  CAPTURE(raw);
  CHECK_REFUSED(ParseTarget(raw), "BAD_PATH");
}

TEST_CASE("a query that cannot be decoded is refused") {
  const char* raw = GENERATE("/a?x=%", "/a?x=%zz", "/a?%00=1", "/a?x=%ff", "/a?x=%0a");
  CHECK_REFUSED(ParseTarget(raw), "BAD_QUERY");
}

TEST_CASE("a log line holds the path and no query") {
  CHECK(LoggablePath("/api/x?token=secret") == "/api/x");
  CHECK(LoggablePath("/" + std::string(500, 'a')).size() == 200);
  CHECK(LoggablePath("/a\x01") == "/a?");
  CHECK(LoggablePath("") == "");
  CHECK(LoggablePath("*") == "*");
}

TEST_CASE("a log line holds no phone that somebody put in the path") {
  for (const char* phone : {"+972501234567", "%2B972501234567", "0501234567", "050-123-4567",
                            "%30%35%30%31%32%33%34%35%36%37", "501234567.json"}) {
    CHECK(LoggablePath("/api/rentals/" + std::string(phone) + "/x") == "/api/rentals/*/x");
  }
  const std::string known = "/api/branches/0190aaaa-0000-7000-8000-000000000001/carts";
  CHECK(LoggablePath(known) == known);
  CHECK(LoggablePath("/api/v1/") == "/api/v1/");
}

TEST_CASE("every gRPC code has its HTTP status") {
  using Code = absl::StatusCode;
  const auto [code, http] = GENERATE(table<Code, unsigned>({{Code::kInvalidArgument, 400},
                                                            {Code::kOutOfRange, 400},
                                                            {Code::kUnauthenticated, 401},
                                                            {Code::kPermissionDenied, 403},
                                                            {Code::kNotFound, 404},
                                                            {Code::kAlreadyExists, 409},
                                                            {Code::kAborted, 409},
                                                            {Code::kFailedPrecondition, 409},
                                                            {Code::kResourceExhausted, 429},
                                                            {Code::kCancelled, 499},
                                                            {Code::kUnimplemented, 501},
                                                            {Code::kUnavailable, 503},
                                                            {Code::kDeadlineExceeded, 504},
                                                            {Code::kUnknown, 500},
                                                            {Code::kInternal, 500},
                                                            {Code::kDataLoss, 500}}));
  CAPTURE(code);
  const Answer answer = ProblemOf(absl::Status(code, "select * from x"), {"/api/x", "t"});
  const auto problem = nlohmann::json::parse(answer.body);
  CHECK(answer.status == http);
  CHECK(answer.content_type == "application/problem+json");
  CHECK(problem["status"] == http);
  CHECK(problem["title"] != "Unknown");
  CHECK(problem["instance"] == "/api/x");
  CHECK(problem["trace_id"] == "t");
  CHECK(problem["code"] != "");
  // Without a reason the text is not meant for strangers.
  CHECK(answer.body.find("select") == std::string::npos);
  CHECK((Header(answer, "Retry-After") == "1") == (http == 429 || http == 503));
  CHECK((Header(answer, "WWW-Authenticate") == "Bearer") == (http == 401));
}

TEST_CASE("a refusal keeps its reason, text, fields and details") {
  absl::Status status = errors::InvalidField("events[2].at", "must be \"a time\"");
  auto problem = nlohmann::json::parse(ProblemOf(status, {}).body);
  CHECK(problem["code"] == "INVALID_FIELD");
  CHECK(problem["errors"][0]["field"] == "events[2].at");
  CHECK(problem["errors"][0]["message"] == "must be \"a time\"");

  status = errors::Refuse(absl::StatusCode::kUnavailable, "UNLOCK_UNCONFIRMED", "look at it");
  status = errors::WithDetail(status, "rental_id", "r1");
  status = errors::WithDetail(status, "status", "999");
  status = errors::WithDetail(status, "retry_after_seconds", "7");
  const Answer answer = ProblemOf(status, {});
  problem = nlohmann::json::parse(answer.body);
  CHECK(problem["rental_id"] == "r1");
  CHECK(problem["status"] == 503);
  CHECK(problem["detail"] == "look at it");
  CHECK(Header(answer, "Retry-After") == "7");
}

TEST_CASE("only what has done nothing, or names a time, says when to try again") {
  const auto [reason, wait] =
      GENERATE(table<const char*, const char*>({{"OVERLOADED", "1"},
                                                {"DATABASE_BUSY", "1"},
                                                {"DEVICE_BUSY", "1"},
                                                {"SIGN_IN_BUSY", "1"},
                                                {"KEY_CHECK_UNAVAILABLE", "1"},
                                                {"HOLDER_AWAY", "1"},
                                                {"UNLOCK_UNCONFIRMED", ""},
                                                {"OUTCOME_UNKNOWN", ""},
                                                {"NOBODY_KNOWS_THIS_REASON", ""}}));
  CAPTURE(reason);
  const absl::Status status = errors::Refuse(absl::StatusCode::kUnavailable, reason, "as it is");
  CHECK(Header(ProblemOf(status, {}), "Retry-After") == wait);
  CHECK(Header(ProblemOf(errors::WithDetail(status, "retry_after_seconds", "7"), {}),
               "Retry-After") == "7");
}

TEST_CASE("a reused idempotency key is 422, and our own faults keep no text") {
  CHECK(HttpStatusOf(errors::Refuse(absl::StatusCode::kInvalidArgument, "IDEMPOTENCY_KEY_REUSED",
                                    "")) == 422);
  const Answer answer =
      ProblemOf(errors::Refuse(absl::StatusCode::kInternal, "ODD", "/srv/db.cpp"), {});
  CHECK(nlohmann::json::parse(answer.body)["code"] == "INTERNAL");
  CHECK(answer.body.find("/srv") == std::string::npos);
}

TEST_CASE("only listed origins are told that they may read") {
  const Cors cors({"https://manage.example.com"});
  Answer answer;
  cors.Decorate("https://manage.example.com", answer);
  CHECK(Header(answer, "Access-Control-Allow-Origin") == "https://manage.example.com");
  CHECK(Header(answer, "Vary") == "Origin");
  const Answer allowed = cors.Preflight("https://manage.example.com", "GET, OPTIONS");
  CHECK(allowed.status == 204);
  CHECK(Header(allowed, "Access-Control-Allow-Methods") == "GET, OPTIONS");

  const char* origin = GENERATE("", "https://evil.example.com", "https://manage.example.com.evil",
                                "http://manage.example.com", "null", "*");
  Answer refused;
  cors.Decorate(origin, refused);
  CHECK(Header(refused, "Access-Control-Allow-Origin") == "");
  CHECK(Header(cors.Preflight(origin, "GET"), "Access-Control-Allow-Methods") == "");
}

TEST_CASE("only our own proxies are believed") {
  CHECK(ClientAddress("10.0.0.1", "1.2.3.4", 0) == "10.0.0.1");
  CHECK(ClientAddress("10.0.0.1", "6.6.6.6, 1.2.3.4", 1) == "1.2.3.4");
  CHECK(ClientAddress("10.0.0.1", "6.6.6.6, 1.2.3.4,10.0.0.9", 2) == "1.2.3.4");
  CHECK(ClientAddress("10.0.0.1", "", 1) == "10.0.0.1");
  CHECK(ClientAddress("10.0.0.1", "1.2.3.4", 2) == "10.0.0.1");
  CHECK(ClientAddress("10.0.0.1", "evil\r\nx: y", 1) == "10.0.0.1");
}

TEST_CASE("the viewer's files are served by name, and nothing beside them") {
  const auto folder = std::filesystem::temp_directory_path() / ("docs-" + NewUuid());
  std::filesystem::create_directories(folder / "sub");
  std::ofstream(folder / "index.html") << "<!doctype html>";
  std::ofstream(folder / "viewer.js") << "1";
  std::ofstream(folder / "secret.key") << "k";
  const DocsSite site(folder.string());
  CHECK(site.Get("")->content_type == "text/html; charset=utf-8");
  CHECK(site.Get("viewer.js")->body == "1");
  CHECK(Header(*site.Get(""), "Content-Security-Policy").find("script-src 'self'") !=
        std::string::npos);
  for (const char* name : {"secret.key", "sub", "..", "../passwd", "nope.js"}) {
    CHECK_FALSE(site.Get(name).has_value());
  }
  std::filesystem::remove_all(folder);
  CHECK_FALSE(DocsSite("/does/not/exist").Get("").has_value());
}

}  // namespace
}  // namespace cartwise::gateway
