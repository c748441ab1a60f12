#include "http/api.hpp"

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_cat.h>
#include <absl/time/clock.h>
#include <google/protobuf/arena.h>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/options/v1/file.pb.h"
#include "cartwise/rpc/policy.hpp"
#include "cartwise/rpc/status.hpp"
#include "proxy/client_address.hpp"
#include "proxy/idempotency_key.hpp"
#include "transcoding/json_writer.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

/// The one value of a header; empty when absent. Two of them are refused: two
/// readers could take a different one.
absl::StatusOr<std::string> Single(const http::fields& fields, http::field name) {
  const auto [begin, end] = fields.equal_range(name);
  if (begin == end) return std::string();
  if (std::next(begin) != end) {
    return errors::Refuse(
        absl::StatusCode::kInvalidArgument, "BAD_HEADER",
        absl::StrCat("the header ", std::string(http::to_string(name)), " comes twice"));
  }
  return std::string(begin->value());
}

std::string First(const http::fields& fields, boost::beast::string_view name) {
  return std::string(fields[name]);
}

/// Every X-Forwarded-For as one list: a proxy of ours may add a line of its own
/// below the client's.
std::string ForwardedFor(const http::fields& fields) {
  std::string all;
  const auto [begin, end] = fields.equal_range("X-Forwarded-For");
  for (auto field = begin; field != end; ++field) {
    absl::StrAppend(&all, all.empty() ? "" : ",", std::string(field->value()));
  }
  return all;
}

std::optional<Verb> VerbOf(const std::string& method) {
  if (method == "GET" || method == "HEAD") return Verb::kGet;
  if (method == "POST") return Verb::kPost;
  if (method == "PUT") return Verb::kPut;
  if (method == "PATCH") return Verb::kPatch;
  if (method == "DELETE") return Verb::kDelete;
  return std::nullopt;
}

std::string AllowHeader(const std::vector<Verb>& verbs) {
  std::string text;
  for (const Verb verb : verbs) {
    absl::StrAppend(&text, std::string(VerbName(verb)), verb == Verb::kGet ? ", HEAD, " : ", ");
  }
  return text + "OPTIONS";
}

/// application/json, whatever its parameters; charset must be UTF-8 when named.
bool IsJson(const std::string& content_type) {
  const size_t semicolon = std::min(content_type.find(';'), content_type.size());
  std::string type = content_type.substr(0, semicolon);
  while (!type.empty() && type.back() == ' ') type.pop_back();
  const std::string parameters = absl::AsciiStrToLower(content_type.substr(semicolon));
  return absl::EqualsIgnoreCase(type, "application/json") &&
         (!absl::StrContains(parameters, "charset") || absl::StrContains(parameters, "utf-8"));
}

Answer Redirect(const char* to) {
  Answer answer;
  answer.status = 302;
  answer.headers.emplace_back("Location", to);
  return answer;
}

// A method is the client's word: only known ones may become a label.
const char* LabelOf(const Exchange& exchange) {
  return VerbOf(exchange.method) ? exchange.method.c_str() : "other";
}

bool HasHeader(const Answer& answer, std::string_view name) {
  for (const auto& [known, value] : answer.headers) {
    if (known == name) return true;
  }
  return false;
}

/// The bytes of an answer that is a file, under their own type and name.
std::optional<Answer> FileAnswer(const std::string& bytes) {
  options::v1::File file;
  const bool parsed = file.ParseFromString(bytes);
  const auto safe = [](const std::string& text, std::string_view more) {
    return std::all_of(text.begin(), text.end(), [&](unsigned char c) {
      return absl::ascii_isalnum(c) || more.find(char(c)) != more.npos;
    });
  };
  // Both stand in headers.
  if (!parsed || !safe(file.name(), ".-_") || !safe(file.content_type(), "/;=-+. ")) {
    return std::nullopt;
  }
  Answer answer;
  answer.content_type = file.content_type();
  answer.headers.emplace_back("Content-Disposition",
                              absl::StrCat("attachment; filename=\"", file.name(), "\""));
  answer.body = std::move(*file.mutable_content());
  return answer;
}

/// The serialized request message, checked against the policy with its fields.
absl::StatusOr<std::string> MakeRequest(const Exchange& exchange) {
  const Method& method = *exchange.route->method;
  google::protobuf::Arena arena;
  google::protobuf::Message* message = method.request->New(&arena);
  CW_RETURN_IF_ERROR(FillRequest(*exchange.route, exchange.rest, *message));
  CW_RETURN_IF_ERROR(rpc::CheckPolicy(*method.policy, exchange.caller, message));
  return message->SerializeAsString();
}

/// Of a body within its limit: some JSON is shorter than its message.
Answer MessageTooLarge(const ProblemContext& problem) {
  return HttpProblem(413, "BODY_TOO_LARGE",
                     absl::StrCat("this body makes a message of more than ", kMostOfRequest,
                                  " bytes; send less at once"),
                     problem);
}

Answer Success(const Method& method, const std::string& bytes, const ProblemContext& problem) {
  Answer answer;
  if (method.descriptor->output_type()->full_name() == "google.protobuf.Empty") {
    answer.status = 204;
    return answer;
  }
  if (method.AnswersFile()) {
    if (auto file = FileAnswer(bytes)) return *std::move(file);
  }
  std::optional<std::string> json;
  if (!method.AnswersFile()) json = WriteJson(*method.answer, bytes);
  if (!json) {
    obs::Error("an answer cannot be read",
               {{"method", method.path}, {"trace_id", problem.trace_id}});
    return ProblemOf(absl::InternalError(""), problem);
  }
  answer.status = method.policy->creates() ? 201 : 200;
  answer.body = *std::move(json);
  return answer;
}

// RFC 9116. It never says that it is out of date while somebody serves it.
std::string SecurityText(const std::string& contact, absl::Time now) {
  return absl::StrCat(
      "Contact: ", contact, "\nExpires: ",
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now + absl::Hours(24 * 90), absl::UTCTimeZone()),
      "\nPreferred-Languages: en, he\n");
}

/// Resumes on the coroutine's own executor.
asio::awaitable<KeyAnswer> ExchangeKey(ApiKeys& keys, const std::string& key) {
  const auto start = [&]<typename Handler>(Handler handler) {
    // Tracked: the event loop must not end before the answer is there.
    const auto executor = asio::prefer(asio::get_associated_executor(handler),
                                       asio::execution::outstanding_work.tracked);
    const auto held = std::make_shared<Handler>(std::move(handler));
    keys.Exchange(key, [held, executor](const KeyAnswer& answer) {
      asio::post(executor, [held, answer] { std::move (*held)(answer); });
    });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(KeyAnswer)>(
      start, asio::use_awaitable);
}

}  // namespace

void Api::Begin(const RequestHead& head, Exchange& exchange) const {
  exchange.start = absl::Now();
  exchange.method = head.method;
  exchange.metadata.traceparent = NextTraceparent(First(*head.fields, "traceparent"));
  exchange.metadata.peer =
      ClientAddress(head.peer, ForwardedFor(*head.fields), parts_.trusted_proxies);
  exchange.problem = {LoggablePath(head.target), TraceIdOf(exchange.metadata.traceparent)};
  exchange.origin = First(*head.fields, "Origin");
}

asio::awaitable<std::optional<Answer>> Api::Admit(const RequestHead& head,
                                                  Exchange& exchange) const {
  Begin(head, exchange);
  if (auto answer = Resolve(head, exchange)) co_return answer;
  if (auto refused = co_await LearnKey(exchange)) co_return refused;
  absl::StatusOr<Caller> caller =
      gateway::Admit(*exchange.route->method, parts_.tokens, parts_.revocations, exchange.key,
                     exchange.metadata.authorization);
  if (!caller.ok()) co_return Refuse(caller.status(), exchange);
  exchange.caller = *std::move(caller);
  co_return ChargeRate(exchange);
}

asio::awaitable<std::optional<Answer>> Api::LearnKey(Exchange& exchange) const {
  const std::string key = ApiKeyIn(exchange.metadata.authorization);
  if (key.empty()) co_return std::nullopt;
  exchange.key = parts_.keys.Find(key);
  if (exchange.key) co_return std::nullopt;
  RateLimiter::Verdict verdict = parts_.rates.ChargeUnknownKey(exchange.metadata.peer);
  if (!verdict.status.ok()) co_return Obey(std::move(verdict), exchange);
  exchange.key = co_await ExchangeKey(parts_.keys, key);
  co_return std::nullopt;
}

std::optional<Answer> Api::Resolve(const RequestHead& head, Exchange& exchange) const {
  if (exchange.problem.instance == "/docs/") return Redirect("/docs");
  absl::StatusOr<Target> target = ParseTarget(head.target);
  if (!target.ok()) return ProblemOf(target.status(), exchange.problem);
  if (auto answer = AnswerFixed(*target, head.method, exchange)) return answer;

  Router::Match match = parts_.router.Find(VerbOf(head.method), target->segments);
  if (match.route == nullptr) return NoRoute(head.method, match.allowed, exchange);
  exchange.label = match.route->label;
  exchange.route = match.route;
  exchange.problem.repeatable = match.route->method->policy->idempotent();
  exchange.rest.path_values = std::move(match.values);
  exchange.rest.query = std::move(target->query);
  if (const absl::Status status = ReadHeaders(head, exchange); !status.ok()) {
    const bool media = errors::Reason(status) == "UNSUPPORTED_MEDIA_TYPE";
    return media ? HttpProblem(415, "UNSUPPORTED_MEDIA_TYPE", std::string(status.message()),
                               exchange.problem)
                 : ProblemOf(status, exchange.problem);
  }
  return std::nullopt;
}

Answer Api::Refuse(const absl::Status& status, Exchange& exchange) const {
  if (absl::IsUnauthenticated(status)) {
    auto verdict = parts_.rates.ChargeUnproven(exchange.metadata.peer);
    if (auto limited = Obey(std::move(verdict), exchange)) return *std::move(limited);
  }
  return ProblemOf(status, exchange.problem);
}

std::optional<Answer> Api::ChargeRate(Exchange& exchange) const {
  return Obey(
      parts_.rates.Charge(*exchange.route->method->policy, exchange.caller, exchange.metadata.peer),
      exchange);
}

std::optional<Answer> Api::Obey(RateLimiter::Verdict verdict, Exchange& exchange) const {
  if (!verdict.policy.empty()) {
    exchange.rate_headers = {{"RateLimit-Policy", std::move(verdict.policy)},
                             {"RateLimit", std::move(verdict.limit)}};
  }
  if (verdict.status.ok()) return std::nullopt;
  parts_.metrics.Count(kRateLimitedMetric, {{"policy", verdict.refused_by}});
  return ProblemOf(verdict.status, exchange.problem);
}

std::optional<Answer> Api::AnswerFixed(const Target& target, const std::string& method,
                                       Exchange& exchange) const {
  const std::vector<std::string>& path = target.segments;
  const bool docs = !path.empty() && path[0] == "docs" && path.size() <= 2;
  const bool openapi = path == std::vector<std::string>{"api", "openapi.json"};
  const bool health = path == std::vector<std::string>{"health"};
  const bool jwks = path == std::vector<std::string>{".well-known", "jwks.json"};
  const bool contact = !parts_.security_contact.empty() &&
                       path == std::vector<std::string>{".well-known", "security.txt"};
  if (!path.empty() && !docs && !openapi && !health && !jwks && !contact) return std::nullopt;
  if (method != "GET" && method != "HEAD") return NoRoute(method, {Verb::kGet}, exchange);
  exchange.label = docs ? "/docs" : exchange.problem.instance;
  if (path.empty()) return Redirect("/docs");
  if (docs) {
    if (auto page = parts_.docs.Get(path.size() == 2 ? path[1] : "")) return page;
    return NoRoute(method, {}, exchange);
  }
  Answer answer;
  if (health) {
    answer.body = parts_.health.ToJson();
  } else if (contact) {
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = SecurityText(parts_.security_contact, absl::Now());
  } else if (jwks) {
    answer.body = parts_.token_keys().ToJwks();
    answer.headers.emplace_back("Cache-Control", "public, max-age=300");
  } else {
    answer.shared_body = parts_.openapi;
  }
  return answer;
}

absl::Status Api::ReadHeaders(const RequestHead& head, Exchange& exchange) const {
  const http::fields& fields = *head.fields;
  CallMetadata& metadata = exchange.metadata;
  CW_ASSIGN_OR_RETURN(metadata.authorization, Single(fields, http::field::authorization));
  const auto key = fields.find("Idempotency-Key");
  if (key != fields.end()) {
    if (fields.count("Idempotency-Key") > 1) {
      return errors::Refuse(absl::StatusCode::kInvalidArgument, "BAD_IDEMPOTENCY_KEY",
                            "the header Idempotency-Key comes twice");
    }
    CW_ASSIGN_OR_RETURN(metadata.idempotency_key, ParseIdempotencyKey(key->value()));
  }
  if (!head.has_body || !exchange.route->has_body) return absl::OkStatus();
  CW_ASSIGN_OR_RETURN(const std::string type, Single(fields, http::field::content_type));
  CW_ASSIGN_OR_RETURN(const std::string encoding, Single(fields, http::field::content_encoding));
  if (IsJson(type) && (encoding.empty() || absl::EqualsIgnoreCase(encoding, "identity"))) {
    return absl::OkStatus();
  }
  return errors::Refuse(absl::StatusCode::kInvalidArgument, "UNSUPPORTED_MEDIA_TYPE",
                        "the body must be application/json in UTF-8, not compressed");
}

Answer Api::NoRoute(const std::string& method, const std::vector<Verb>& allowed,
                    const Exchange& exchange) const {
  if (allowed.empty()) {
    return HttpProblem(404, "ROUTE_NOT_FOUND", "there is nothing at this path", exchange.problem);
  }
  Answer answer = method == "OPTIONS"
                      ? parts_.cors.Preflight(exchange.origin, AllowHeader(allowed))
                      : HttpProblem(405, "METHOD_NOT_ALLOWED", "this path does not know the method",
                                    exchange.problem);
  answer.headers.emplace_back("Allow", AllowHeader(allowed));
  return answer;
}

asio::awaitable<Answer> Api::Serve(Exchange& exchange, Outbound& outbound) const {
  absl::StatusOr<std::string> request = MakeRequest(exchange);
  if (!request.ok()) co_return ProblemOf(request.status(), exchange.problem);
  if (request->size() > kMostOfRequest) co_return MessageTooLarge(exchange.problem);
  const Method& method = *exchange.route->method;
  const auto live = parts_.revocations.NewCall(exchange.caller, /*streaming=*/false);
  UnaryRequest call{parts_.upstreams.Of(method.area), method.path, exchange.metadata,
                    method.timeout, *std::move(request)};
  const UnaryAnswer answer = co_await CallUnary(outbound, std::move(call), live.get());
  if (live && live->cut_off() && !answer.status.ok()) {
    co_return ProblemOf(TokenRevoked(), exchange.problem);
  }
  if (answer.status.ok()) co_return Success(method, answer.message, exchange.problem);
  co_return ProblemOf(rpc::FromGrpc(answer.status), exchange.problem);
}

void Api::Conclude(const Exchange& exchange, Answer& answer) const {
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("X-Request-Id", exchange.problem.trace_id);
  if (!HasHeader(answer, "Cache-Control")) answer.headers.emplace_back("Cache-Control", "no-store");
  if (!HasHeader(answer, "Content-Security-Policy")) {
    answer.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
  }
  for (const auto& header : exchange.rate_headers) answer.headers.push_back(header);
  parts_.cors.Decorate(exchange.origin, answer);

  const std::string status = absl::StrCat(answer.status);
  parts_.metrics.Seconds(
      "http_server_request_duration_seconds",
      {{"method", LabelOf(exchange)}, {"route", exchange.label}, {"status", status}},
      absl::ToDoubleSeconds(absl::Now() - exchange.start));
}

void Api::Log(const Exchange& exchange, const Answer& answer) const {
  obs::Info("http request",
            {{"method", LabelOf(exchange)},
             {"path", exchange.problem.instance},
             {"route", exchange.label},
             {"status", static_cast<int>(answer.status)},
             {"duration_ms", absl::ToDoubleMilliseconds(absl::Now() - exchange.start)},
             {"bytes", static_cast<int64_t>(answer.Body().size())},
             {"caller", exchange.caller.Label()},
             {"peer", exchange.metadata.peer},
             {"trace_id", exchange.problem.trace_id}});
}

}  // namespace cartwise::gateway
