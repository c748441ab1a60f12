#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <absl/time/time.h>
#include <grpcpp/support/status.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "cartwise/http2/inbox.hpp"
#include "http2/services.hpp"
#include "proxy/call_metadata.hpp"
#include "proxy/upstream.hpp"
#include "revocations/revocations.hpp"

namespace cartwise::gateway {

/// Of a message to a service, which takes no more.
inline constexpr size_t kMostOfRequest = 1024 * 1024;

/// Of a service's answer to a unary call.
inline constexpr size_t kMostOfAnswer = 4 * 1024 * 1024;

/// How a call ends whose answer is larger: OUT_OF_RANGE (ANSWER_TOO_LARGE), since the same
/// call would end so again.
grpc::Status AnswerTooLarge();

/// What one event loop needs to call services. Of its thread, but for the inbox.
struct Outbound {
  boost::asio::io_context& io;
  std::shared_ptr<http2::Inbox> inbox;
  Services& services;
};

/// A variable where a coroutine awaits the call: g++ 12 destroys a temporary twice there.
struct UnaryRequest {
  Upstream& upstream;
  const std::string& method;  ///< "/cartwise.rental.v1.CartService/ListCarts"
  const CallMetadata& metadata;
  absl::Duration timeout;  ///< counts from now, also while a turn is waited for
  std::string message;     ///< serialized
};

struct UnaryAnswer {
  grpc::Status status;
  std::string message;  ///< serialized; of an OK
};

/// Makes one call, once more if the service refused to take it, which `live` (if any)
/// may cut off, and resumes the coroutine, which runs on the loop of `outbound`. Cancelling the
/// coroutine cancels the call. What is referred to must live until it resumes.
boost::asio::awaitable<UnaryAnswer> CallUnary(Outbound& outbound, UnaryRequest request,
                                              LiveCall* live);

}  // namespace cartwise::gateway
