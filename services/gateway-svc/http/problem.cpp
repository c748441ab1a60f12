#include "http/problem.hpp"

#include <set>

#include "cartwise/base/errors.hpp"
#include "transcoding/json_text.hpp"

namespace cartwise::gateway {
namespace {

/// What a client hears of a failure that carries no reason of its own.
struct Canned {
  std::string_view code;
  std::string_view detail;
};

Canned CannedOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return {"INVALID_ARGUMENT", "the request cannot be understood"};
    case absl::StatusCode::kUnauthenticated:
      return {"SIGN_IN_REQUIRED", "sign in first, or send a token"};
    case absl::StatusCode::kPermissionDenied:
      return {"NOT_ALLOWED", "you are not allowed to do this"};
    case absl::StatusCode::kNotFound:
      return {"NOT_FOUND", "there is no such thing"};
    case absl::StatusCode::kAlreadyExists:
      return {"ALREADY_EXISTS", "it exists already"};
    case absl::StatusCode::kAborted:
      return {"ABORTED", "somebody else changed it at the same time; try again"};
    case absl::StatusCode::kFailedPrecondition:
      return {"FAILED_PRECONDITION", "its state does not allow this"};
    case absl::StatusCode::kResourceExhausted:
      return {"TOO_MANY_REQUESTS", "too much at once; try again later"};
    case absl::StatusCode::kCancelled:
      return {"CANCELLED", "the call was cancelled"};
    case absl::StatusCode::kUnimplemented:
      return {"NOT_IMPLEMENTED", "this call is not there yet"};
    case absl::StatusCode::kUnavailable:
      return {"UNAVAILABLE", "a part of the service cannot be reached right now; try again"};
    case absl::StatusCode::kDeadlineExceeded:
      return {"DEADLINE_EXCEEDED", "it took too long; whether it happened is not known"};
    case absl::StatusCode::kOk:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      break;
  }
  return {"INTERNAL", "something went wrong on our side; the trace id finds it in the logs"};
}

/// A JSON object, member by member.
class Members {
 public:
  void Text(std::string_view name, std::string_view text) {
    Name(name);
    const size_t start = json_.size();
    if (AppendJsonString(json_, text)) return;
    json_.resize(start);
    json_.append("\"\"");
  }
  void Number(std::string_view name, unsigned number) {
    Name(name);
    json_.append(std::to_string(number));
  }
  void Raw(std::string_view name, std::string_view json) {
    Name(name);
    json_.append(json);
  }
  std::string Finish() && {
    json_.push_back('}');
    return std::move(json_);
  }

 private:
  void Name(std::string_view name) {
    if (json_.size() > 1) json_.push_back(',');
    AppendJsonString(json_, name);
    json_.push_back(':');
  }
  std::string json_ = "{";
};

void AppendFields(Members& members, const absl::Status& status) {
  const auto fields = errors::Fields(status);
  if (fields.empty()) return;
  std::string list = "[";
  for (const auto& [field, message] : fields) {
    if (list.size() > 1) list.push_back(',');
    Members fault;
    fault.Text("field", field);
    fault.Text("message", message);
    list.append(std::move(fault).Finish());
  }
  members.Raw("errors", list + "]");
}

void AppendDetails(Members& members, const absl::Status& status) {
  static const std::set<std::string, std::less<>> kTaken = {
      "type", "title", "status", "detail", "instance", "code", "errors", "trace_id"};
  for (const auto& [name, value] : errors::Details(status)) {
    if (!kTaken.contains(name)) members.Text(name, value);
  }
}

/// What such a refusal was for has not begun: it may be repeated as it is.
bool HasDoneNothing(const absl::Status& refusal) {
  static const std::set<std::string, std::less<>> kHarmless = {"",
                                                               "OVERLOADED",
                                                               "DATABASE_BUSY",
                                                               "DEVICE_BUSY",
                                                               "SIGN_IN_BUSY",
                                                               "HOLDER_AWAY",
                                                               "KEY_CHECK_UNAVAILABLE"};
  return kHarmless.contains(errors::Reason(refusal));
}

/// Seconds; empty when nobody should try again by a clock.
std::string RetryAfter(const absl::Status& status, unsigned http, bool repeatable) {
  if (http != 429 && http != 503) return "";
  for (const auto& [name, value] : errors::Details(status)) {
    const bool digits = !value.empty() && value.size() < 8 &&
                        value.find_first_not_of("0123456789") == std::string::npos;
    if (name == "retry_after_seconds" && digits) return value;
  }
  return http == 429 || repeatable || HasDoneNothing(status) ? "1" : "";
}

Members Begin(unsigned status, std::string_view code, std::string_view detail,
              const ProblemContext& context) {
  Members members;
  members.Text("type", "about:blank");
  members.Text("title", StatusTitle(status));
  members.Number("status", status);
  members.Text("detail", detail);
  members.Text("instance", context.instance);
  members.Text("code", code);
  members.Text("trace_id", context.trace_id);
  return members;
}

Answer Finish(unsigned status, Members members) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/problem+json";
  answer.body = std::move(members).Finish();
  return answer;
}

}  // namespace

unsigned HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return errors::Reason(status) == "IDEMPOTENCY_KEY_REUSED" ? 422 : 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    case absl::StatusCode::kCancelled:
      return 499;
    case absl::StatusCode::kUnimplemented:
      return 501;
    case absl::StatusCode::kUnavailable:
      return 503;
    case absl::StatusCode::kDeadlineExceeded:
      return 504;
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      break;
  }
  return 500;
}

Answer ProblemOf(const absl::Status& status, const ProblemContext& context) {
  const unsigned http = HttpStatusOf(status);
  const Canned canned = CannedOf(status.code());
  std::string code = errors::Reason(status);
  std::string detail(status.message());
  if (code.empty() || http == 500) {
    code = canned.code;
    detail = canned.detail;
  }
  Members members = Begin(http, code, detail, context);
  AppendFields(members, status);
  AppendDetails(members, status);
  Answer answer = Finish(http, std::move(members));
  if (http == 401) answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  if (const std::string wait = RetryAfter(status, http, context.repeatable); !wait.empty()) {
    answer.headers.emplace_back("Retry-After", wait);
  }
  return answer;
}

Answer HttpProblem(unsigned status, std::string_view code, std::string_view detail,
                   const ProblemContext& context) {
  return Finish(status, Begin(status, code, detail, context));
}

std::string_view StatusTitle(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

}  // namespace cartwise::gateway
