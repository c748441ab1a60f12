#pragma once

#include <functional>
#include <string>

#include <absl/status/statusor.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace cartwise::http2 {

/// Listens for a server. Of its event loop's thread once that runs.
class Acceptor {
 public:
  using Tcp = boost::asio::ip::tcp;
  /// The event loop that the next connection will live on.
  using Next = std::function<boost::asio::io_context&()>;
  using OnSocket = std::function<void(Tcp::socket)>;

  explicit Acceptor(boost::asio::io_context& io) : acceptor_(io), pause_(io) {}

  /// `listen` is host:port, port 0 picks one; answers the port. INVALID_ARGUMENT,
  /// UNAVAILABLE when it is taken.
  absl::StatusOr<int> Listen(const std::string& listen);
  /// `accepted` is heard with each connection, in turn after its `next`.
  void Accept(Next next, OnSocket accepted);
  void Close();

 private:
  void AcceptOne();

  Tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  Next next_;
  OnSocket accepted_;
};

}  // namespace cartwise::http2
