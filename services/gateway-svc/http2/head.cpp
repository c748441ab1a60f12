#include "http2/head.hpp"

#include <algorithm>

#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <nghttp2/nghttp2.h>

namespace cartwise::gateway {
namespace {

using std::chrono::nanoseconds;

constexpr char kContentType[] = "application/grpc";

/// "100m": at most eight digits and a unit.
std::optional<nanoseconds> ParseTimeout(std::string_view text) {
  int64_t count = 0;
  if (text.size() < 2 || text.size() > 9 ||
      !absl::SimpleAtoi(std::string(text.substr(0, text.size() - 1)), &count) || count < 0) {
    return std::nullopt;
  }
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(std::min<int64_t>(count, 24 * 365));
    case 'M':
      return std::chrono::minutes(std::min<int64_t>(count, 60 * 24 * 365));
    case 'S':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::milliseconds(count);
    case 'u':
      return std::chrono::microseconds(count);
    case 'n':
      return nanoseconds(count);
    default:
      return std::nullopt;
  }
}

std::string TimeoutText(nanoseconds timeout) {
  constexpr int64_t kMost = 99'999'999;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  if (ms <= kMost) return absl::StrCat(std::max<int64_t>(ms, 1), "m");
  return absl::StrCat(std::min<int64_t>(ms / 1000, kMost), "S");
}

/// Status and details are written anew; content types and the like are per hop.
bool IsOfHop(const std::string& name) {
  static constexpr std::string_view kOfHop[] = {
      "content-type",           "user-agent", "server", "date", "grpc-status", "grpc-message",
      "grpc-status-details-bin"};
  return name[0] == ':' ||
         std::find(std::begin(kOfHop), std::end(kOfHop), name) != std::end(kOfHop);
}

std::string PercentEncoded(const std::string& text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

std::string PercentDecoded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::SimpleHexAtoi(text.substr(i + 1, 2), &byte)) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string ValueOf(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

void AddForeign(const Headers& from, Headers& to) {
  for (const auto& header : from) {
    if (!IsOfHop(header.first)) to.push_back(header);
  }
}

}  // namespace

bool CallHead::Add(std::string_view name, std::string_view value, size_t most) {
  constexpr size_t kPerHeader = 32;
  bytes_ += name.size() + value.size() + kPerHeader;
  if (bytes_ > most) return false;
  const auto set = [&](Single& single) {
    single.value = value;
    ++single.count;
  };
  if (name == ":method") method_ = value;
  if (name == ":path") path_ = value;
  if (name == "content-type") content_type_ = value;
  if (name == "grpc-encoding") encoding_ = value;
  if (name == "grpc-accept-encoding") accept_encoding_ = value;
  if (name == "grpc-timeout") timeout_ = ParseTimeout(value);
  if (name == "authorization") set(authorization_);
  if (name == "traceparent") set(traceparent_);
  if (name == "idempotency-key") set(idempotency_key_);
  if (name == "x-forwarded-for") {
    if (!forwarded_for_.empty()) forwarded_for_.push_back(',');
    forwarded_for_.append(value);
  }
  return true;
}

int CallHead::http_status() const {
  if (method_ != "POST") return 405;
  return absl::StartsWith(content_type_, kContentType) ? 200 : 415;
}

GrpcGate::Request CallHead::ToGate(const std::string& peer) const {
  GrpcGate::Request request{.path = path_,
                            .authorization = authorization_.Get(),
                            .traceparent = traceparent_.Get(),
                            .idempotency_key = std::nullopt,
                            .forwarded_for = forwarded_for_,
                            .peer = peer};
  if (idempotency_key_.count > 0) request.idempotency_key = idempotency_key_.Get();
  return request;
}

Headers CallHead::ForService() const {
  Headers headers{{"content-type", content_type_}};
  if (!encoding_.empty()) headers.emplace_back("grpc-encoding", encoding_);
  if (!accept_encoding_.empty()) headers.emplace_back("grpc-accept-encoding", accept_encoding_);
  return headers;
}

Headers ServiceHead(const std::string& path, const std::string& authority,
                    const CallMetadata& metadata, const Headers& about_messages,
                    std::optional<nanoseconds> timeout) {
  Headers headers{{":method", "POST"},
                  {":scheme", "https"},
                  {":path", path},
                  {":authority", authority},
                  {"te", "trailers"}};
  headers.insert(headers.end(), about_messages.begin(), about_messages.end());
  if (timeout) headers.emplace_back("grpc-timeout", TimeoutText(*timeout));
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  add("authorization", metadata.authorization);
  add("idempotency-key", metadata.idempotency_key);
  add("traceparent", metadata.traceparent);
  add("x-forwarded-for", metadata.peer);
  return headers;
}

Headers AnswerHead(const Headers& told, const Headers& service) {
  Headers head{{":status", "200"}, {"content-type", kContentType}};
  head.insert(head.end(), told.begin(), told.end());
  AddForeign(service, head);
  return head;
}

Headers AnswerTrailers(const grpc::Status& status, const Headers& service) {
  Headers trailers{{"grpc-status", absl::StrCat(status.error_code())}};
  if (!status.error_message().empty()) {
    trailers.emplace_back("grpc-message", PercentEncoded(status.error_message()));
  }
  if (!status.error_details().empty()) {
    trailers.emplace_back("grpc-status-details-bin", absl::Base64Escape(status.error_details()));
  }
  AddForeign(service, trailers);
  return trailers;
}

bool IsInformational(const Headers& head) {
  const std::string status = ValueOf(head, ":status");
  return status.size() == 3 && status[0] == '1';
}

grpc::Status StatusOfHead(const Headers& head) {
  const std::string status = ValueOf(head, ":status");
  const std::string text = absl::StrCat("a service answered with HTTP status ", status);
  int code = 0;
  if (!absl::SimpleAtoi(status, &code)) code = 0;
  // As gRPC's own clients translate it.
  switch (code) {
    case 200:
      if (absl::StartsWith(ValueOf(head, "content-type"), kContentType)) return grpc::Status::OK;
      return {grpc::StatusCode::UNKNOWN, "a service answered with something else than gRPC"};
    case 400:
      return {grpc::StatusCode::INTERNAL, text};
    case 401:
      return {grpc::StatusCode::UNAUTHENTICATED, text};
    case 403:
      return {grpc::StatusCode::PERMISSION_DENIED, text};
    case 404:
      return {grpc::StatusCode::UNIMPLEMENTED, text};
    case 429:
    case 502:
    case 503:
    case 504:
      return {grpc::StatusCode::UNAVAILABLE, text};
    default:
      return {grpc::StatusCode::UNKNOWN, text};
  }
}

grpc::Status StatusIn(const Headers& trailers) {
  int code = 0;
  if (!absl::SimpleAtoi(ValueOf(trailers, "grpc-status"), &code) || code < 0 || code > 16) {
    return {grpc::StatusCode::UNKNOWN, "a service answered without a status"};
  }
  std::string details;
  absl::Base64Unescape(ValueOf(trailers, "grpc-status-details-bin"), &details);
  return {static_cast<grpc::StatusCode>(code), PercentDecoded(ValueOf(trailers, "grpc-message")),
          details};
}

grpc::Status StatusOfWhole(const Headers& head) {
  if (!ValueOf(head, "grpc-status").empty()) return StatusIn(head);
  const grpc::Status of_head = StatusOfHead(head);
  return of_head.ok() ? StatusIn(head) : of_head;
}

grpc::Status StatusOfReset(uint32_t error) {
  switch (error) {
    case CallStream::kLost:
    case NGHTTP2_REFUSED_STREAM:
      return {grpc::StatusCode::UNAVAILABLE, "the service has left"};
    case NGHTTP2_CANCEL:
      return {grpc::StatusCode::CANCELLED, "the service cancelled the call"};
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the service takes no more"};
    default:
      return {grpc::StatusCode::INTERNAL, "the service's stream broke"};
  }
}

}  // namespace cartwise::gateway
