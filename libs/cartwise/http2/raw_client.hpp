#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace cartwise::http2 {

/// A client of HTTP/2 over TLS that sends what the test wants, rules or not.
class RawClient {
 public:
  enum Type : uint8_t {
    kData = 0,
    kHeaders = 1,
    kPriority = 2,
    kRstStream = 3,
    kSettings = 4,
    kPing = 6,
    kGoaway = 7,
    kWindowUpdate = 8,
    kContinuation = 9,
  };
  static constexpr uint8_t kEndStream = 1, kEndHeaders = 4;
  struct Frame {
    uint8_t type = 0, flags = 0;
    uint32_t stream = 0;
    std::string payload;
  };

  /// Connects and, unless told otherwise, shakes hands.
  RawClient(int port, const std::string& ca, bool handshake = true);
  /// Shows this certificate.
  RawClient(int port, const std::string& ca, const std::string& cert, const std::string& key);

  /// The preface and these settings.
  bool Greet(const std::vector<std::pair<uint16_t, uint32_t>>& settings = {});
  /// False once the server has ended the connection.
  bool Send(Type type, uint8_t flags, uint32_t stream, const std::string& payload);
  /// Bytes as they are; false as above.
  bool Write(const std::string& bytes);
  /// The head of a call, complete unless `more` follows; ends the stream never.
  bool Call(uint32_t stream, const std::string& path,
            const std::vector<std::pair<std::string, std::string>>& metadata = {},
            bool more = false);
  /// The next frame; nullopt when the connection has ended.
  std::optional<Frame> Read();
  /// The next frame of this type on this stream; nullopt as above.
  std::optional<Frame> Await(Type type, uint32_t stream);
  /// Reads to the end of the connection.
  void AwaitEnd();

 private:
  void Connect(int port, const std::string& ca);
  bool Fill(size_t bytes);

  boost::asio::io_context io_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream_{io_, context_};
  std::string received_;
};

/// A frame as it travels.
std::string FrameOf(RawClient::Type type, uint8_t flags, uint32_t stream,
                    const std::string& payload);

/// A field of HPACK that neither table is asked for.
std::string Field(const std::string& name, const std::string& value);

/// An error code or a setting's value, as frames carry it.
std::string Number(uint32_t value);
uint32_t NumberIn(const std::string& payload, size_t offset = 0);

}  // namespace cartwise::http2
