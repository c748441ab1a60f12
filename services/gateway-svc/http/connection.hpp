#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/api.hpp"
#include "http/stream.hpp"

namespace cartwise::gateway {

/// What one client may take of us.
struct HttpLimits {
  size_t header_bytes = 16 * 1024;
  size_t body_bytes = 1024 * 1024;
  std::chrono::milliseconds handshake_time{10'000};  ///< of TLS
  std::chrono::milliseconds header_time{
      10'000};  ///< from the first byte of a request to its head's end
  std::chrono::milliseconds body_time{10'000};
  std::chrono::milliseconds write_time{
      10'000};  ///< for an answer that the socket does not take at once
  std::chrono::milliseconds idle_time{60'000};  ///< between requests
  int connections = 4096;
};

/// One HTTP/1.1 connection: reads a request, answers it, reads the next. Lives
/// on one executor, as long as its coroutine.
class Connection {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using TimePoint = std::chrono::steady_clock::time_point;

  /// Plain when `tls` is null. `outbound` is of the loop it lives on.
  Connection(Socket socket, Tls::Context tls, const Api& api, Outbound& outbound,
             const HttpLimits& limits);

  /// Serves until the client leaves, misbehaves or idles too long.
  boost::asio::awaitable<void> Run();

  /// Closes at once when idle, else after the answer that is being made.
  void Drain();
  /// Since when it waits for its client: for bytes of a request, or to take an
  /// answer. Nullopt while a request is being answered.
  std::optional<TimePoint> waiting_since() const { return waiting_since_; }
  /// Ends a connection that waits, for another one's sake.
  void GiveWay();
  /// Gives up what is being done.
  void Abort() { abort_.emit(boost::asio::cancellation_type::terminal); }
  boost::asio::cancellation_slot abort_slot() { return abort_.slot(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void BeginWaiting() { waiting_since_ = std::chrono::steady_clock::now(); }
  boost::asio::awaitable<bool> Handshake();
  /// False when the connection is over.
  boost::asio::awaitable<bool> ServeOne(bool first);
  boost::asio::awaitable<bool> AwaitFirstByte(bool first);
  boost::asio::awaitable<boost::system::error_code> FillHead();
  boost::asio::awaitable<boost::system::error_code> ReadHead(Parser& parser);
  boost::asio::awaitable<boost::system::error_code> ReadBody(Parser& parser);
  /// Answers a request that cannot be read and says no more.
  boost::asio::awaitable<bool> RefuseBroken(const Parser& parser, boost::system::error_code fault);
  boost::asio::awaitable<bool> Send(const Exchange& exchange, Answer answer, bool head_only,
                                    bool keep);
  boost::asio::awaitable<void> Linger();

  Stream stream_;
  boost::beast::flat_buffer buffer_;  ///< bounded, since a chunk's extensions and trailers are not
  const Api& api_;
  Outbound& outbound_;
  const HttpLimits& limits_;
  std::string peer_;
  boost::asio::cancellation_signal abort_;
  std::optional<TimePoint> waiting_since_;
  bool idle_ = false;
  bool draining_ = false;
};

}  // namespace cartwise::gateway
