#pragma once

#include <string>

#include <absl/time/time.h>
#include <grpcpp/support/byte_buffer.h>
#include <boost/asio/awaitable.hpp>

#include "proxy/call_metadata.hpp"
#include "proxy/upstream.hpp"

namespace cartwise::gateway {

struct UnaryAnswer {
  grpc::Status status;
  grpc::ByteBuffer message;
};

/// Makes one call, which `live` (if any) may cut off, and resumes on the coroutine's own executor.
/// Cancelling the coroutine cancels the call. What is referred to must live until it resumes.
boost::asio::awaitable<UnaryAnswer> CallUnary(Upstream& upstream, const std::string& method,
                                              const CallMetadata& metadata, absl::Duration timeout,
                                              const std::string& request, LiveCall* live);

}  // namespace cartwise::gateway
