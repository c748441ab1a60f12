#include "cartwise/http2/raw_client.hpp"

#include <array>

#include <boost/asio/write.hpp>

namespace cartwise::http2 {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// A string of HPACK, not compressed: its length with a prefix of 7 bits.
std::string Literal(const std::string& text) {
  std::string out;
  size_t length = text.size();
  if (length < 127) {
    out.push_back(static_cast<char>(length));
  } else {
    out.push_back(127);
    length -= 127;
    for (; length >= 128; length /= 128) out.push_back(static_cast<char>(length % 128 + 128));
    out.push_back(static_cast<char>(length));
  }
  return out + text;
}

}  // namespace

std::string Field(const std::string& name, const std::string& value) {
  return std::string(1, '\0') + Literal(name) + Literal(value);
}

std::string Number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

uint32_t NumberIn(const std::string& payload, size_t offset) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(payload.at(offset + i));
  return value;
}

std::string FrameOf(RawClient::Type type, uint8_t flags, uint32_t stream,
                    const std::string& payload) {
  const std::string length = Number(static_cast<uint32_t>(payload.size())).substr(1);
  return length + static_cast<char>(type) + static_cast<char>(flags) + Number(stream) + payload;
}

RawClient::RawClient(int port, const std::string& ca, bool handshake) {
  Connect(port, ca);
  if (handshake) stream_.handshake(asio::ssl::stream_base::client);
}

RawClient::RawClient(int port, const std::string& ca, const std::string& cert,
                     const std::string& key) {
  Connect(port, ca);
  SSL_use_certificate_chain_file(stream_.native_handle(), cert.c_str());
  SSL_use_PrivateKey_file(stream_.native_handle(), key.c_str(), SSL_FILETYPE_PEM);
  stream_.handshake(asio::ssl::stream_base::client);
}

void RawClient::Connect(int port, const std::string& ca) {
  context_.load_verify_file(ca);
  stream_.set_verify_mode(asio::ssl::verify_peer);
  stream_.next_layer().connect({asio::ip::make_address("127.0.0.1"), static_cast<uint16_t>(port)});
  constexpr unsigned char kProtocols[] = "\x02h2";
  SSL_set_alpn_protos(stream_.native_handle(), kProtocols, sizeof kProtocols - 1);
}

bool RawClient::Greet(const std::vector<std::pair<uint16_t, uint32_t>>& settings) {
  error_code fault;
  asio::write(stream_, asio::buffer(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), fault);
  std::string payload;
  for (const auto& [id, value] : settings) {
    payload += std::string{static_cast<char>(id >> 8), static_cast<char>(id)} + Number(value);
  }
  return !fault && Send(kSettings, 0, 0, payload);
}

bool RawClient::Send(Type type, uint8_t flags, uint32_t stream, const std::string& payload) {
  return Write(FrameOf(type, flags, stream, payload));
}

bool RawClient::Write(const std::string& bytes) {
  error_code fault;
  asio::write(stream_, asio::buffer(bytes), fault);
  return !fault;
}

bool RawClient::Call(uint32_t stream, const std::string& path,
                     const std::vector<std::pair<std::string, std::string>>& metadata, bool more) {
  std::string block = Field(":method", "POST") + Field(":scheme", "https") + Field(":path", path) +
                      Field(":authority", "x") + Field("te", "trailers") +
                      Field("content-type", "application/grpc");
  for (const auto& [name, value] : metadata) block += Field(name, value);
  return Send(kHeaders, more ? 0 : kEndHeaders, stream, block);
}

bool RawClient::Fill(size_t bytes) {
  std::array<char, 16 * 1024> buffer;
  while (received_.size() < bytes) {
    error_code fault;
    const size_t count = stream_.read_some(asio::buffer(buffer), fault);
    if (fault) return false;
    received_.append(buffer.data(), count);
  }
  return true;
}

std::optional<RawClient::Frame> RawClient::Read() {
  constexpr size_t kHead = 9;
  if (!Fill(kHead)) return std::nullopt;
  const size_t length = NumberIn(received_) >> 8;
  if (!Fill(kHead + length)) return std::nullopt;
  Frame frame{static_cast<uint8_t>(received_[3]), static_cast<uint8_t>(received_[4]),
              NumberIn(received_, 5), received_.substr(kHead, length)};
  received_.erase(0, kHead + length);
  return frame;
}

std::optional<RawClient::Frame> RawClient::Await(Type type, uint32_t stream) {
  for (;;) {
    auto frame = Read();
    if (!frame || (frame->type == type && frame->stream == stream)) return frame;
  }
}

void RawClient::AwaitEnd() {
  while (Read()) {
  }
}

}  // namespace cartwise::http2
