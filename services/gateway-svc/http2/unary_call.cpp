#include "http2/unary_call.hpp"

#include <functional>
#include <utility>

#include <absl/strings/str_cat.h>
#include <nghttp2/nghttp2.h>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cartwise/base/errors.hpp"
#include "cartwise/http2/call_stream.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/wire.hpp"
#include "http2/head.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;

/// The one end of the call: the client's is a coroutine. Lives until it has settled
/// and its stream is over.
class UnaryCall final : public http2::CallStream, public std::enable_shared_from_this<UnaryCall> {
 public:
  using Done = std::function<void(UnaryAnswer)>;

  UnaryCall(Outbound& outbound, UnaryRequest request, LiveCall* live, Done done)
      : outbound_(outbound),
        request_(std::move(request)),
        live_(live),
        done_(std::move(done)),
        clock_(outbound.io) {}

  void Begin();
  void GiveUp() { Settle(grpc::Status::CANCELLED); }

  void OnHeader(std::string_view name, std::string_view value) override {
    headers_.emplace_back(name, value);
  }
  void OnHeaders(bool last) override;
  void OnData(std::string_view bytes) override;
  void OnEnd() override;
  void OnClose(uint32_t error) override;
  void OnTaken(size_t /*bytes*/) override {}

 private:
  void TakeTurn();
  void Reach(std::shared_ptr<Turn> turn);
  void Make(ServiceConnection* service);
  /// The answer, once; later ones are nobody's.
  void Settle(const grpc::Status& status);

  Outbound& outbound_;
  UnaryRequest request_;
  LiveCall* const live_;
  Done done_;
  asio::steady_timer clock_;
  std::shared_ptr<Turn> turn_;
  http2::Headers headers_;
  std::string answer_;
  bool refused_ = false;    ///< once; not again
  bool answering_ = false;  ///< the answer's head came
  bool over_ = false;       ///< the stream ends by itself
  bool settled_ = false;
};

void UnaryCall::Begin() {
  clock_.expires_after(absl::ToChronoNanoseconds(request_.timeout));
  clock_.async_wait([self = shared_from_this()](boost::system::error_code fault) {
    if (!fault) self->Settle({grpc::StatusCode::DEADLINE_EXCEEDED, "the call took too long"});
  });
  if (live_ != nullptr) {
    live_->Begin([call = weak_from_this(), inbox = outbound_.inbox] {
      inbox->Post([call] {
        if (const auto self = call.lock()) self->GiveUp();
      });
    });
  }
  TakeTurn();
}

void UnaryCall::TakeTurn() {
  if (auto turn = request_.upstream.TakeFreeTurn()) return Reach(std::move(turn));
  const bool waits = request_.upstream.TakeTurn(
      [self = shared_from_this(), inbox = outbound_.inbox](std::shared_ptr<Turn> turn) {
        inbox->Post([self, turn = std::move(turn)]() mutable { self->Reach(std::move(turn)); });
      });
  if (!waits) Settle(Overloaded());
}

void UnaryCall::Reach(std::shared_ptr<Turn> turn) {
  if (settled_) return;
  turn_ = std::move(turn);
  outbound_.services.Reach(
      request_.upstream.area(), Services::Calls::kUnary,
      [self = shared_from_this()](ServiceConnection* service) { self->Make(service); });
}

void UnaryCall::Make(ServiceConnection* service) {
  if (settled_) return;
  Write(rpc::MessagePrefix(request_.message.size()));
  Write(request_.message);
  Finish();
  const http2::Headers head = ServiceHead(
      request_.method, absl::StrCat(request_.upstream.area(), "-svc"), request_.metadata,
      {{"content-type", rpc::kContentType}}, clock_.expiry() - std::chrono::steady_clock::now());
  if (service == nullptr || !service->Request(head, shared_from_this())) Settle(Unreachable());
}

void UnaryCall::OnHeaders(bool last) {
  const http2::Headers headers = std::exchange(headers_, {});
  if (settled_ || IsInformational(headers)) return;
  if (last) {
    over_ = true;
    return Settle(answering_ ? StatusIn(headers) : StatusOfWhole(headers));
  }
  if (answering_) return;
  answering_ = true;
  if (const grpc::Status status = StatusOfHead(headers); !status.ok()) Settle(status);
}

void UnaryCall::OnData(std::string_view bytes) {
  Consume(bytes.size());
  if (settled_) return;
  answer_.append(bytes);
  if (answer_.size() > kMostOfAnswer + rpc::kMessagePrefix) {
    Settle(AnswerTooLarge());
  }
}

/// An answer ends with trailers, or it is none.
void UnaryCall::OnEnd() {
  if (!over_) Settle({grpc::StatusCode::UNKNOWN, "the answer has no status"});
}

void UnaryCall::OnClose(uint32_t error) {
  // Of what it refuses a service has done nothing: it is leaving, most likely.
  const bool undone = error == NGHTTP2_REFUSED_STREAM && !answering_ && !settled_;
  if (undone && !std::exchange(refused_, true)) {
    Renew();
    return outbound_.inbox->Post(
        [self = shared_from_this()] { self->Reach(std::move(self->turn_)); });
  }
  turn_.reset();
  Settle(StatusOfReset(error, waiting() == 0));
}

void UnaryCall::Settle(const grpc::Status& status) {
  if (std::exchange(settled_, true)) return;
  clock_.cancel();
  if (live_ != nullptr) live_->End();
  UnaryAnswer answer{status, {}};
  if (status.ok()) {
    if (auto message = rpc::OnlyMessage(std::move(answer_))) {
      answer.message = *std::move(message);
    } else {
      answer.status = {grpc::StatusCode::INTERNAL, "the answer is not one message"};
    }
  }
  if (!attached()) {
    turn_.reset();
  } else if (!over_) {
    Cancel();
  }
  std::exchange(done_, nullptr)(std::move(answer));
}

}  // namespace

grpc::Status AnswerTooLarge() {
  return rpc::ToGrpc(errors::Refuse(absl::StatusCode::kOutOfRange, "ANSWER_TOO_LARGE",
                                    "the answer would be larger than 4 MiB; ask for less at once"));
}

asio::awaitable<UnaryAnswer> CallUnary(Outbound& outbound, UnaryRequest request, LiveCall* live) {
  const auto start = [&]<typename Handler>(Handler handler) {
    const auto executor = asio::get_associated_executor(handler);
    auto slot = asio::get_associated_cancellation_slot(handler);
    const auto held = std::make_shared<Handler>(std::move(handler));
    const auto call = std::make_shared<UnaryCall>(
        outbound, std::move(request), live, [held, executor, slot](UnaryAnswer answer) {
          // Not from within the callbacks of nghttp2.
          asio::post(executor, [held, slot, answer = std::move(answer)]() mutable {
            if (slot.is_connected()) slot.clear();
            std::move (*held)(std::move(answer));
          });
        });
    if (slot.is_connected()) {
      slot.assign([call = std::weak_ptr(call)](asio::cancellation_type) {
        if (const auto running = call.lock()) running->GiveUp();
      });
    }
    call->Begin();
  };
  co_return co_await asio::async_initiate<decltype(asio::use_awaitable), void(UnaryAnswer)>(
      start, asio::use_awaitable);
}

}  // namespace cartwise::gateway
