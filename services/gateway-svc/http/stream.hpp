#pragma once

#include <optional>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "http/tls.hpp"

namespace cartwise::gateway {

/// The bytes of one connection, plain or through TLS; an AsyncStream as Beast
/// reads and writes it. Deadlines are those of `tcp()`.
class Stream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  /// Plain when `tls` is null.
  Stream(boost::asio::ip::tcp::socket socket, Tls::Context tls)
      : tcp_(std::move(socket)), context_(std::move(tls)) {
    if (context_) tls_.emplace(tcp_, *context_);
  }

  executor_type get_executor() { return tcp_.get_executor(); }
  boost::beast::tcp_stream& tcp() { return tcp_; }
  bool secure() const { return tls_.has_value(); }

  /// False when the client does not come to terms; true at once when plain.
  boost::asio::awaitable<bool> Handshake() {
    if (!tls_) co_return true;
    const auto [fault] = co_await tls_->async_handshake(
        boost::asio::ssl::stream_base::server, boost::asio::as_tuple(boost::asio::use_awaitable));
    co_return !fault;
  }

  /// Tells the client that no more comes, so that it can tell an end from a cut.
  boost::asio::awaitable<void> EndWriting() {
    if (tls_) {
      co_await tls_->async_shutdown(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    boost::system::error_code ignored;
    tcp_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
  }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_read_some(buffers, std::forward<Token>(token))
                : tcp_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_ ? tls_->async_write_some(buffers, std::forward<Token>(token))
                : tcp_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  boost::beast::tcp_stream tcp_;
  Tls::Context context_;
  std::optional<boost::beast::ssl_stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace cartwise::gateway
