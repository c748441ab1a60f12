#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "cartwise/http2/call_stream.hpp"
#include "proxy/call_metadata.hpp"
#include "proxy/grpc_gate.hpp"

namespace cartwise::gateway {

/// The head of a client's call, header by header.
class CallHead {
 public:
  /// False when it has become larger than `most` bytes, as HTTP/2 counts them.
  bool Add(std::string_view name, std::string_view value, size_t most);

  /// 200 for a call of gRPC, else the HTTP status that tells it is none.
  int http_status() const;
  const std::string& path() const { return path_; }
  /// Nullopt for no deadline; nothing for one that cannot be read.
  std::optional<std::chrono::nanoseconds> timeout() const { return timeout_; }
  GrpcGate::Request ToGate(const std::string& peer) const;
  /// What the service needs to read the messages: their type and compression.
  http2::Headers ForService() const;

 private:
  /// A header that may come once.
  struct Single {
    std::string value;
    int count = 0;
    std::string Get() const { return count == 1 ? value : std::string(); }
  };

  size_t bytes_ = 0;
  std::string method_, path_, content_type_, encoding_, accept_encoding_, forwarded_for_;
  std::optional<std::chrono::nanoseconds> timeout_;
  Single authorization_, traceparent_, idempotency_key_;
};

/// The head of a call to a service.
http2::Headers ServiceHead(const std::string& path, const std::string& authority,
                           const CallMetadata& metadata, const http2::Headers& about_messages,
                           std::optional<std::chrono::nanoseconds> timeout);

/// The head of an answer with messages: `told`, and of `service`'s own what is
/// not of this hop.
http2::Headers AnswerHead(const http2::Headers& told, const http2::Headers& service);
/// The trailers of an answer: a status, and of `service`'s own what is not of this hop.
http2::Headers AnswerTrailers(const grpc::Status& status, const http2::Headers& service);
/// Whether this head only says that the answer's own will come (1xx).
bool IsInformational(const http2::Headers& head);
/// OK for the head of a gRPC answer, else what its HTTP status stands for.
grpc::Status StatusOfHead(const http2::Headers& head);
/// The status that a service's trailers say; UNKNOWN when they say none.
grpc::Status StatusIn(const http2::Headers& trailers);
/// The same of a head that is all of an answer.
grpc::Status StatusOfWhole(const http2::Headers& head);
/// Whether the service's gRPC could not read the message: what the service itself says comes with
/// its trace id.
bool IsUnread(const http2::Headers& trailers);
/// How a call ends whose stream was reset with this error of HTTP/2, after `all` of the
/// request went out, or before: then the service has done nothing.
grpc::Status StatusOfReset(uint32_t error, bool all);

}  // namespace cartwise::gateway
