#include "http2/call.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include <absl/strings/str_cat.h>

#include "cartwise/base/errors.hpp"
#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/wire.hpp"

namespace cartwise::gateway {
namespace {

/// A name of a service, and there is none to ask for.
constexpr size_t kMostOfHealth = 1024;

grpc::Status MessageTooLarge() {
  return rpc::ToGrpc(errors::Refuse(absl::StatusCode::kResourceExhausted, "BODY_TOO_LARGE",
                                    "a message must not be larger than 1 MiB"));
}

grpc::Status MessageUnreadable() {
  return rpc::ToGrpc(errors::Refuse(absl::StatusCode::kInvalidArgument, "INVALID_ARGUMENT",
                                    "the message cannot be read as this call's"));
}

}  // namespace

std::shared_ptr<http2::CallStream> Call::Begin(CallHost& host, std::string peer) {
  const auto call = std::make_shared<Call>(host, std::move(peer));
  return {call, &call->client_};
}

Call::Call(CallHost& host, std::string peer)
    : host_(host), peer_(std::move(peer)), head_(std::make_unique<CallHead>()) {}

Call::~Call() = default;

// The client's end.

void Call::ClientEnd::OnHeader(std::string_view name, std::string_view value) {
  // Trailers of a request mean nothing to gRPC.
  if (call.head_read_) return;
  call.too_large_ |= !call.head_->Add(name, value, call.host_.limits.header_bytes);
}

void Call::ClientEnd::OnHeaders(bool /*last*/) {
  if (!std::exchange(call.head_read_, true)) call.OnRequestHead();
}

std::optional<http2::CallStream::TimePoint> Call::ClientEnd::OwesSince() const {
  if (call.admitted_ || call.answering_ || call.ended_) return std::nullopt;
  return call.began_at_;
}

void Call::ClientEnd::OnTaken(size_t bytes) {
  if (!call.unary()) call.service_.Consume(bytes);
}

void Call::OnRequestHead() {
  if (too_large_) {
    return End({grpc::StatusCode::RESOURCE_EXHAUSTED, "the metadata of the call is too large"});
  }
  if (const int status = head_->http_status(); status != 200) {
    ended_ = true;
    return client_.Respond({{":status", absl::StrCat(status)}}, true);
  }
  health_ = HealthMethodOf(head_->path());
  if (health_ != HealthMethod::kNone) return;
  const auto here = std::this_thread::get_id();
  host_.gate.Decide(head_->ToGate(peer_), [call = weak_from_this(), inbox = host_.inbox,
                                           here](GrpcGate::Decision decision) {
    auto tell = [call, decision = std::move(decision)]() mutable {
      if (const auto self = call.lock()) self->OnDecided(std::move(decision));
    };
    if (std::this_thread::get_id() == here) return tell();
    inbox->Post(std::move(tell));
  });
}

void Call::OnDecided(GrpcGate::Decision decision) {
  if (ended_) {
    if (decision.status.ok()) decision.call.Finished(grpc::Status::CANCELLED);
    return;
  }
  told_ = std::move(decision.told);
  if (!decision.status.ok()) return End(decision.status);
  admitted_ = true;
  info_ = std::move(decision.call);
  StartClock();
  info_.Started([call = weak_from_this(), inbox = host_.inbox] {
    inbox->Post([call] {
      const auto self = call.lock();
      if (self && !self->ended_) self->Settle(grpc::Status::CANCELLED, {});
    });
  });
  if (!unary()) return PassOn();
  client_.Consume(request_bytes_);
  if (request_complete_) TakeTurn();
}

void Call::StartClock() {
  auto timeout = head_->timeout();
  if (unary()) {
    const auto most = absl::ToChronoNanoseconds(info_.method->timeout);
    timeout = std::min(timeout.value_or(most), most);
  }
  if (!timeout) return;
  clock_ = std::make_unique<boost::asio::steady_timer>(host_.io, *timeout);
  clock_->async_wait([call = weak_from_this()](boost::system::error_code fault) {
    const auto self = call.lock();
    if (fault || !self || self->ended_) return;
    self->Settle({grpc::StatusCode::DEADLINE_EXCEEDED, "the call took too long"}, {});
  });
}

void Call::OnRequestData(std::string_view bytes) {
  if (ended_) return client_.Consume(bytes.size());
  request_bytes_ += bytes.size();
  if (health_ != HealthMethod::kNone && request_bytes_ > kMostOfHealth) {
    return End(MessageTooLarge());
  }
  service_.Write(bytes);
  if (!admitted_ || !unary()) return;
  client_.Consume(bytes.size());
  if (request_bytes_ > host_.limits.message_bytes + rpc::kMessagePrefix) {
    Settle(MessageTooLarge(), {});
  }
}

void Call::OnRequestEnd() {
  request_complete_ = true;
  if (ended_) return;
  if (health_ != HealthMethod::kNone) return AnswerHealth();
  service_.Finish();
  if (admitted_ && unary()) TakeTurn();
}

void Call::OnClientGone(uint32_t /*error*/) {
  if (std::exchange(ended_, true)) return;
  if (admitted_) info_.Finished(info_.Settled(grpc::Status::CANCELLED));
  LetServiceGo();
}

void Call::AnswerHealth() {
  const grpc::Status known = CheckHealthRequest(service_.queue());
  if (!known.ok()) return End(known);
  client_.Respond(AnswerHead({}, {}), false);
  answering_ = true;
  client_.Write(HealthMessage(!host_.draining));
  if (health_ == HealthMethod::kCheck) End(grpc::Status::OK);
}

void Call::OnDrain() {
  if (health_ != HealthMethod::kWatch || !answering_ || ended_) return;
  client_.Write(HealthMessage(false));
  End({grpc::StatusCode::UNAVAILABLE, "the gateway is leaving"});
}

// On to the service.

void Call::TakeTurn() {
  turn_ = info_.upstream->TakeFreeTurn();
  if (turn_ != nullptr) return PassOn();
  const bool taken = info_.upstream->TakeTurn(
      [call = weak_from_this(), inbox = host_.inbox](std::shared_ptr<Turn> turn) {
        inbox->Post([call, turn = std::move(turn)]() mutable {
          const auto self = call.lock();
          if (!self || self->ended_) return;
          self->turn_ = std::move(turn);
          self->PassOn();
        });
      });
  if (!taken) Settle(Overloaded(), {});
}

void Call::PassOn() {
  const auto calls = unary() ? Services::Calls::kUnary : Services::Calls::kStreaming;
  host_.services.Reach(info_.method->area, calls,
                       [call = weak_from_this()](ServiceConnection* service) {
                         if (const auto self = call.lock()) self->RequestFrom(service);
                       });
}

void Call::RequestFrom(ServiceConnection* service) {
  if (ended_) return;
  if (service == nullptr) return Settle(Unreachable(), {});
  std::optional<std::chrono::nanoseconds> left;
  if (clock_) left = clock_->expiry() - std::chrono::steady_clock::now();
  const http2::Headers head =
      ServiceHead(info_.method->path, absl::StrCat(info_.method->area, "-svc"), info_.metadata,
                  head_->ForService(), left);
  if (!service->Request(head, {shared_from_this(), &service_})) {
    return Settle(Unreachable(), {});
  }
  head_.reset();
  // The largest part of what a quiet stream would keep.
  std::string().swap(info_.metadata.authorization);
}

// The service's end.

void Call::ServiceEnd::OnHeader(std::string_view name, std::string_view value) {
  call.answer_.emplace_back(name, value);
}

void Call::ServiceEnd::OnTaken(size_t bytes) {
  if (!call.unary()) call.client_.Consume(bytes);
}

void Call::OnAnswerHeaders(bool last) {
  const http2::Headers headers = std::exchange(answer_, {});
  if (ended_ || IsInformational(headers)) return;
  if (last) {
    answered_ = true;
    const grpc::Status status = answering_ ? StatusIn(headers) : StatusOfWhole(headers);
    return Settle(unary() && IsUnread(headers) ? MessageUnreadable() : status, headers);
  }
  if (answering_) return;
  if (const grpc::Status status = StatusOfHead(headers); !status.ok()) return Settle(status, {});
  answering_ = true;
  client_.Respond(AnswerHead(std::exchange(told_, {}), headers), false);
}

void Call::OnAnswerData(std::string_view bytes) {
  if (ended_) return service_.Consume(bytes.size());
  client_.Write(bytes);
  if (!unary()) return;
  service_.Consume(bytes.size());
  answer_bytes_ += bytes.size();
  if (answer_bytes_ > kMostOfAnswer + rpc::kMessagePrefix) {
    Settle(AnswerTooLarge(), {});
  }
}

/// An answer ends with trailers, or it is none.
void Call::OnAnswerEnd() {
  if (!answered_ && !ended_) Settle({grpc::StatusCode::UNKNOWN, "the answer has no status"}, {});
}

void Call::OnServiceGone(uint32_t error) {
  turn_.reset();
  // What a stream said may have been acted on before the rest of it went out.
  if (!ended_) Settle(StatusOfReset(error, !unary() || service_.waiting() == 0), {});
}

// The end.

void Call::Settle(const grpc::Status& status, const http2::Headers& from_service) {
  const grpc::Status shown = Presentable(info_.Settled(status));
  info_.Finished(shown);
  End(shown, from_service);
}

void Call::End(const grpc::Status& status, const http2::Headers& from_service) {
  ended_ = true;
  const http2::Headers trailers = AnswerTrailers(status, from_service);
  if (!answering_ && told_.empty()) {
    http2::Headers all = AnswerHead({}, {});
    all.insert(all.end(), trailers.begin(), trailers.end());
    client_.Respond(all, true);
  } else {
    // What rates say is initial metadata, also of a refusal.
    if (!answering_) client_.Respond(AnswerHead(told_, {}), false);
    client_.Finish(trailers);
  }
  LetServiceGo();
}

void Call::LetServiceGo() {
  clock_.reset();
  if (!service_.attached()) return turn_.reset();
  const bool over_by_itself = answered_ && service_.finished() && service_.waiting() == 0;
  if (!over_by_itself) service_.Cancel();
}

}  // namespace cartwise::gateway
