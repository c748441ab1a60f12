#include "cartwise/rpc/stream_call.hpp"

#include <utility>

#include <absl/strings/str_cat.h>

#include "cartwise/rpc/status.hpp"
#include "cartwise/rpc/wire.hpp"

namespace cartwise::rpc {

using grpc::StatusCode;

/// What comes before a call has begun.
struct StreamCall::Head final : CallContext {
  explicit Head(const StreamPeer& p) : peer(p) {}

  /// False when it has become larger than `most` bytes, as HTTP/2 counts them.
  bool Add(std::string_view name, std::string_view value, size_t most);
  /// After the last Add.
  void Index();
  std::string_view Get(const char* name) const { return ValueIn(by_name, name).value_or(""); }

  const Metadata& metadata() const override { return by_name; }
  std::string PeerName() const override { return peer.name; }
  std::string PeerAddress() const override { return peer.address; }

  const StreamPeer& peer;
  http2::Headers all;
  Metadata by_name;  ///< refers to `all`
  size_t bytes = 0;
  bool too_large = false;
};

bool StreamCall::Head::Add(std::string_view name, std::string_view value, size_t most) {
  constexpr size_t kPerHeader = 32;
  bytes += name.size() + value.size() + kPerHeader;
  if (bytes > most) return false;
  all.emplace_back(name, value);
  return true;
}

void StreamCall::Head::Index() {
  for (const auto& [name, value] : all) by_name.emplace(name, value);
}

StreamCall::StreamCall(StreamHost& host, const StreamPeer& peer)
    : host_(host), head_(std::make_unique<Head>(peer)) {}

StreamCall::~StreamCall() = default;

void StreamCall::OnHeader(std::string_view name, std::string_view value) {
  // Trailers of a request mean nothing to gRPC.
  if (head_) head_->too_large |= !head_->Add(name, value, host_.limits.header_bytes);
}

void StreamCall::OnHeaders(bool /*last*/) {
  if (!head_) return;
  head_->Index();
  Begin(*std::exchange(head_, nullptr));
}

void StreamCall::Begin(const Head& head) {
  if (head.too_large) {
    return End({StatusCode::RESOURCE_EXHAUSTED, "the metadata of the call is too large"});
  }
  const int http_status = HttpStatusOf(head.Get(":method"), head.Get("content-type"));
  if (http_status != 200) {
    ended_ = true;
    return Respond({{":status", absl::StrCat(http_status)}}, true);
  }
  const auto method = host_.methods.find(std::string(head.Get(":path")));
  if (method == host_.methods.end()) return End({StatusCode::UNIMPLEMENTED, "no such method"});
  auto reactor = method->second(head);
  if (!reactor.ok()) return End(ToGrpc(reactor.status()));
  reactor_ = *std::move(reactor);
  reactor_->call_ = weak_from_this();
  reactor_->inbox_ = host_.inbox;
  const std::string_view encoding = head.Get("grpc-encoding");
  encoded_ = !encoding.empty() && encoding != "identity";
  StartClock(head.Get("grpc-timeout"));
  reactor_->OnBegin();
}

void StreamCall::StartClock(std::string_view timeout) {
  const auto left = ParseTimeout(timeout);
  if (!left) return;
  clock_ = std::make_unique<boost::asio::steady_timer>(host_.io, *left);
  clock_->async_wait([call = weak_from_this()](boost::system::error_code fault) {
    const auto self = call.lock();
    if (fault || !self) return;
    self->End({StatusCode::DEADLINE_EXCEEDED, "the call took too long"});
  });
}

// What the client says.

void StreamCall::OnData(std::string_view bytes) {
  if (ended_) return Consume(bytes.size());
  received_.append(bytes);
  Deliver();
}

void StreamCall::OnEnd() {
  complete_ = true;
  Deliver();
}

void StreamCall::Read() {
  wanted_ = true;
  Deliver();
}

void StreamCall::Deliver() {
  if (!wanted_ || ended_) return;
  if (received_.size() >= kMessagePrefix) {
    const auto byte = [this](size_t i) { return static_cast<unsigned char>(received_[i]); };
    if (byte(0) != 0) {
      // As gRPC has it: whether the client could know better.
      return End({encoded_ ? StatusCode::UNIMPLEMENTED : StatusCode::INTERNAL,
                  "messages must not be compressed"});
    }
    const size_t size =
        size_t{byte(1)} << 24 | size_t{byte(2)} << 16 | size_t{byte(3)} << 8 | byte(4);
    if (size > host_.limits.message_bytes) {
      return End({StatusCode::RESOURCE_EXHAUSTED, "the message is too large"});
    }
    if (received_.size() >= kMessagePrefix + size) return Hand(size);
  }
  if (complete_) {
    if (!received_.empty()) return End({StatusCode::INTERNAL, "a message is cut off"});
    wanted_ = false;
    return reactor_->OnEnd();
  }
  Consume(received_.size() - std::exchange(given_back_, received_.size()));
}

void StreamCall::Hand(size_t message_bytes) {
  const size_t all = kMessagePrefix + message_bytes;
  std::string rest = received_.substr(all);
  Consume(all - std::exchange(given_back_, 0));
  wanted_ = false;
  const std::string message = std::exchange(received_, std::move(rest));
  const std::string_view bytes = std::string_view(message).substr(kMessagePrefix, message_bytes);
  if (!reactor_->OnBytes(bytes)) End({StatusCode::INTERNAL, "the message cannot be read"});
}

// What the service says.

void StreamCall::Send(const std::string& message) {
  if (ended_) return;
  if (!std::exchange(answering_, true)) Respond(AnswerHead(), false);
  Write(message);
}

void StreamCall::End(const grpc::Status& status) {
  if (std::exchange(ended_, true)) return;
  clock_.reset();
  const http2::Headers trailers = TrailersOf(status);
  if (answering_) return http2::CallStream::Finish(trailers);
  http2::Headers all = AnswerHead();
  all.insert(all.end(), trailers.begin(), trailers.end());
  Respond(all, true);
}

void StreamCall::OnTaken(size_t /*bytes*/) {
  if (waiting() == 0 && reactor_ && !ended_) reactor_->OnWritten();
}

void StreamCall::OnClose(uint32_t /*error*/) {
  ended_ = true;
  clock_.reset();
  if (const auto reactor = std::exchange(reactor_, nullptr)) reactor->OnGone();
}

}  // namespace cartwise::rpc
