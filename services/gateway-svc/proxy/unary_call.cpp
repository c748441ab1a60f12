#include "proxy/unary_call.hpp"

#include <memory>
#include <utility>

#include <absl/time/clock.h>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;

/// Everything gRPC holds pointers to until the call is over.
template <typename Handler>
struct Call {
  explicit Call(Handler h) : handler(std::move(h)) {}

  Handler handler;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  UnaryAnswer answer;
};

}  // namespace

asio::awaitable<UnaryAnswer> CallUnary(Upstream& upstream, const std::string& method,
                                       const CallMetadata& metadata, absl::Duration timeout,
                                       const std::string& request, LiveCall* live) {
  const auto start = [&]<typename Handler>(Handler handler) {
    // Tracked: the event loop must not end before gRPC has called back.
    const auto executor = asio::prefer(asio::get_associated_executor(handler),
                                       asio::execution::outstanding_work.tracked);
    auto slot = asio::get_associated_cancellation_slot(handler);
    auto call = std::make_shared<Call<Handler>>(std::move(handler));
    call->context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    Apply(metadata, call->context);
    const grpc::Slice slice(request);
    call->request = grpc::ByteBuffer(&slice, 1);
    if (slot.is_connected()) {
      slot.assign([call](asio::cancellation_type) { call->context.TryCancel(); });
    }
    if (live != nullptr) live->Begin([context = &call->context] { context->TryCancel(); });
    upstream.UnaryCall(&call->context, method, &call->request, &call->answer.message,
                       [call, executor, slot, live](grpc::Status status) {
                         if (live != nullptr) live->End();
                         call->answer.status = std::move(status);
                         asio::post(executor, [call, slot]() mutable {
                           if (slot.is_connected()) slot.clear();
                           std::move(call->handler)(std::move(call->answer));
                         });
                       });
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(UnaryAnswer)>(
      start, asio::use_awaitable);
}

}  // namespace cartwise::gateway
