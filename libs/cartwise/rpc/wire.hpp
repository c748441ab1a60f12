#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

#include "cartwise/http2/call_stream.hpp"

/// How gRPC travels on HTTP/2.
namespace cartwise::rpc {

inline constexpr char kContentType[] = "application/grpc";

/// What stands before a message: whether it is compressed, and its length.
inline constexpr size_t kMessagePrefix = 5;

/// Of a message that is not compressed.
std::string MessagePrefix(size_t message_bytes);

/// What these bytes hold when they are one message, not compressed, and nothing else.
std::optional<std::string> OnlyMessage(std::string bytes);

/// 200 for a request that is a call, else the HTTP status that tells it is none.
int HttpStatusOf(std::string_view method, std::string_view content_type);

/// Of `grpc-timeout`, at most eight digits and a unit ("100m"); nullopt for what cannot be read.
std::optional<std::chrono::nanoseconds> ParseTimeout(std::string_view text);

/// What the head of every answer says.
http2::Headers AnswerHead();
/// How an answer ends.
http2::Headers TrailersOf(const grpc::Status& status);

}  // namespace cartwise::rpc
