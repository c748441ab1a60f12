#include "http2/head.hpp"

#include <algorithm>

#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <nghttp2/nghttp2.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/wire.hpp"
#include "http2/services.hpp"

namespace cartwise::gateway {
namespace {

using std::chrono::nanoseconds;

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

std::string ValueOf(const http2::Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

/// It may have been done, and whoever asked never heard of it.
grpc::Status OutcomeUnknown() {
  return rpc::ToGrpc(errors::Refuse(
      absl::StatusCode::kUnavailable, "OUTCOME_UNKNOWN",
      "the service was lost before it answered; ask for the thing before you repeat, or repeat "
      "with the same Idempotency-Key"));
}

void AddForeign(const http2::Headers& from, http2::Headers& to) {
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
  if (name == "grpc-timeout") timeout_ = rpc::ParseTimeout(value);
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
  return rpc::HttpStatusOf(method_, content_type_);
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

http2::Headers CallHead::ForService() const {
  http2::Headers headers{{"content-type", content_type_}};
  if (!encoding_.empty()) headers.emplace_back("grpc-encoding", encoding_);
  if (!accept_encoding_.empty()) headers.emplace_back("grpc-accept-encoding", accept_encoding_);
  return headers;
}

http2::Headers ServiceHead(const std::string& path, const std::string& authority,
                           const CallMetadata& metadata, const http2::Headers& about_messages,
                           std::optional<nanoseconds> timeout) {
  http2::Headers headers{{":method", "POST"},
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

http2::Headers AnswerHead(const http2::Headers& told, const http2::Headers& service) {
  http2::Headers head = rpc::AnswerHead();
  head.insert(head.end(), told.begin(), told.end());
  AddForeign(service, head);
  return head;
}

http2::Headers AnswerTrailers(const grpc::Status& status, const http2::Headers& service) {
  http2::Headers trailers = rpc::TrailersOf(status);
  AddForeign(service, trailers);
  return trailers;
}

bool IsInformational(const http2::Headers& head) {
  const std::string status = ValueOf(head, ":status");
  return status.size() == 3 && status[0] == '1';
}

grpc::Status StatusOfHead(const http2::Headers& head) {
  const std::string status = ValueOf(head, ":status");
  const std::string text = absl::StrCat("a service answered with HTTP status ", status);
  int code = 0;
  if (!absl::SimpleAtoi(status, &code)) code = 0;
  // As gRPC's own clients translate it.
  switch (code) {
    case 200:
      if (absl::StartsWith(ValueOf(head, "content-type"), rpc::kContentType))
        return grpc::Status::OK;
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
    case 503:
      return {grpc::StatusCode::UNAVAILABLE, text};
    case 502:
    case 504:
      return OutcomeUnknown();
    default:
      return {grpc::StatusCode::UNKNOWN, text};
  }
}

grpc::Status StatusIn(const http2::Headers& trailers) {
  int code = 0;
  if (!absl::SimpleAtoi(ValueOf(trailers, "grpc-status"), &code) || code < 0 || code > 16) {
    return {grpc::StatusCode::UNKNOWN, "a service answered without a status"};
  }
  std::string details;
  absl::Base64Unescape(ValueOf(trailers, "grpc-status-details-bin"), &details);
  return {static_cast<grpc::StatusCode>(code), PercentDecoded(ValueOf(trailers, "grpc-message")),
          details};
}

grpc::Status StatusOfWhole(const http2::Headers& head) {
  if (!ValueOf(head, "grpc-status").empty()) return StatusIn(head);
  const grpc::Status of_head = StatusOfHead(head);
  return of_head.ok() ? StatusIn(head) : of_head;
}

bool IsUnread(const http2::Headers& trailers) {
  static const std::string kInternal = std::to_string(int{grpc::StatusCode::INTERNAL});
  return ValueOf(trailers, "grpc-status") == kInternal && ValueOf(trailers, "x-trace-id").empty();
}

grpc::Status StatusOfReset(uint32_t error, bool all) {
  switch (error) {
    case http2::CallStream::kLost:
      return all ? OutcomeUnknown() : Unreachable();
    case NGHTTP2_REFUSED_STREAM:
      return Unreachable();
    case NGHTTP2_CANCEL:
      return {grpc::StatusCode::CANCELLED, "the service cancelled the call"};
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "the service takes no more"};
    default:
      return {grpc::StatusCode::INTERNAL, "the service's stream broke"};
  }
}

}  // namespace cartwise::gateway
