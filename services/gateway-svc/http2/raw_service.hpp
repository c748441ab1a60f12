#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "cartwise/http2/raw_client.hpp"

namespace cartwise::gateway {

/// A service of plain HTTP/2 that says what the test wants, rules or not. What it
/// sends to a gateway that has left goes nowhere.
class RawService {
 public:
  using Tcp = boost::asio::ip::tcp;
  using Fields = std::vector<std::pair<std::string, std::string>>;

  /// One connection of the gateway's.
  class Peer {
   public:
    explicit Peer(Tcp::socket socket) : socket_(std::move(socket)) {}

    void Send(http2::RawClient::Type type, uint8_t flags, uint32_t stream,
              const std::string& payload);
    void Head(uint32_t stream, const Fields& fields, bool last = false);
    /// An empty message.
    void Message(uint32_t stream);
    /// The head of an answer, an empty message, OK.
    void Answer(uint32_t stream);
    /// The next frame of this type; nullopt when the connection has ended.
    std::optional<http2::RawClient::Frame> Await(http2::RawClient::Type type);
    /// The stream of the next call; 0 as above.
    uint32_t AwaitCall();
    /// Until the gateway has read all that was sent.
    void AwaitRead();
    void Close() { socket_.close(); }

   private:
    friend class RawService;
    bool Fill(size_t bytes);

    Tcp::socket socket_;
    std::string received_;
  };

  RawService();
  int port() const { return acceptor_.local_endpoint().port(); }
  /// The next connection; its preface is read, settings are said.
  Peer Accept();
  /// The next connection, as it comes.
  Tcp::socket AcceptSilently() { return acceptor_.accept(); }

 private:
  boost::asio::io_context io_;
  Tcp::acceptor acceptor_{io_};
};

}  // namespace cartwise::gateway
