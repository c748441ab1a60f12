#include "http2/raw_service.hpp"

#include <array>

#include <boost/asio/write.hpp>

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace

RawService::RawService() {
  const Tcp::endpoint any(asio::ip::make_address("127.0.0.1"), 0);
  acceptor_.open(any.protocol());
  acceptor_.bind(any);
  acceptor_.listen();
}

RawService::Peer RawService::Accept() {
  constexpr size_t kPreface = 24;
  Peer peer(acceptor_.accept());
  if (peer.Fill(kPreface)) peer.received_.erase(0, kPreface);
  peer.Send(http2::RawClient::kSettings, 0, 0, "");
  return peer;
}

void RawService::Peer::Send(http2::RawClient::Type type, uint8_t flags, uint32_t stream,
                            const std::string& payload) {
  error_code ignored;
  asio::write(socket_, asio::buffer(http2::FrameOf(type, flags, stream, payload)), ignored);
}

void RawService::Peer::Head(uint32_t stream, const Fields& fields, bool last) {
  std::string block;
  for (const auto& [name, value] : fields) block += http2::Field(name, value);
  const uint8_t end = last ? http2::RawClient::kEndStream : 0;
  Send(http2::RawClient::kHeaders, http2::RawClient::kEndHeaders | end, stream, block);
}

void RawService::Peer::Message(uint32_t stream) {
  Send(http2::RawClient::kData, 0, stream, std::string(5, '\0'));
}

void RawService::Peer::Answer(uint32_t stream) {
  Head(stream, {{":status", "200"}, {"content-type", "application/grpc"}});
  Message(stream);
  Head(stream, {{"grpc-status", "0"}}, true);
}

bool RawService::Peer::Fill(size_t bytes) {
  std::array<char, 16 * 1024> buffer;
  while (received_.size() < bytes) {
    error_code fault;
    const size_t count = socket_.read_some(asio::buffer(buffer), fault);
    if (fault) return false;
    received_.append(buffer.data(), count);
  }
  return true;
}

std::optional<http2::RawClient::Frame> RawService::Peer::Await(http2::RawClient::Type type) {
  constexpr size_t kHead = 9;
  for (;;) {
    if (!Fill(kHead)) return std::nullopt;
    const size_t length = http2::NumberIn(received_) >> 8;
    if (!Fill(kHead + length)) return std::nullopt;
    http2::RawClient::Frame frame{static_cast<uint8_t>(received_[3]),
                                  static_cast<uint8_t>(received_[4]), http2::NumberIn(received_, 5),
                                  received_.substr(kHead, length)};
    received_.erase(0, kHead + length);
    if (frame.type == type) return frame;
  }
}

uint32_t RawService::Peer::AwaitCall() {
  const auto head = Await(http2::RawClient::kHeaders);
  return head ? head->stream : 0;
}

void RawService::Peer::AwaitRead() {
  Send(http2::RawClient::kPing, 0, 0, "12345678");
  Await(http2::RawClient::kPing);
}

}  // namespace cartwise::gateway
