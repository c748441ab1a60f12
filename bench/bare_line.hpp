#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

namespace cartwise::bench {

/// Bytes on the bus: of an unlock frame, and of the status that proves it.
inline constexpr int kBareFrame = 5, kBareStatus = 9;

/// A TLS connection over loopback for messages of 300 bytes that mean nothing. What fails ends
/// the program.
class BareLine {
 public:
  /// Waits for the one who comes to this port. The files are PEM.
  static BareLine Accept(int port, const std::string& certificate, const std::string& key);
  /// Waits until somebody listens at this port.
  static BareLine Connect(int port);

  void Send();
  void Receive();

 private:
  using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;

  explicit BareLine(boost::asio::ssl::context::method method);

  std::unique_ptr<boost::asio::io_context> io_;
  std::unique_ptr<boost::asio::ssl::context> tls_;
  std::unique_ptr<Stream> stream_;
};

}  // namespace cartwise::bench
