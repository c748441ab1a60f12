#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/ssl.h>
#include <boost/asio/ip/tcp.hpp>

namespace cartwise::http2 {

/// The bytes of one TCP connection, plain or through TLS, without waiting.
/// OpenSSL works on the descriptor itself and gives its record buffers back
/// between records, so that a quiet connection keeps none. Of one thread.
class Socket {
 public:
  using Tcp = boost::asio::ip::tcp::socket;
  /// What Read, Write and Handshake answer instead of a count of bytes.
  static constexpr ssize_t kLater = -1;  ///< when the socket is ready again
  static constexpr ssize_t kOver = -2;   ///< the connection is of no more use

  /// Plain.
  explicit Socket(Tcp tcp);
  /// TLS, as the server that `context` describes.
  Socket(Tcp tcp, SSL_CTX* context);
  /// TLS, as a client that expects a certificate in the name of `server`.
  Socket(Tcp tcp, SSL_CTX* context, const std::string& server);

  /// 1 once done; done at once when plain. Over TLS the peer must speak h2.
  ssize_t Handshake();
  ssize_t Read(char* bytes, size_t room);
  ssize_t Write(const char* bytes, size_t size);
  /// True when what could not go on waits for room to write, of whatever kind it was.
  bool wants_write() const { return wants_write_; }

  /// Ends it in both directions, at once.
  void Close();
  Tcp& tcp() { return tcp_; }
  /// Address of the peer, an IPv4 one in its own spelling; empty when it has left.
  std::string PeerAddress() const;
  /// Name in the peer's certificate, which TLS has verified; empty without one.
  std::string PeerName() const;

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  ssize_t Judge(int result);

  Tcp tcp_;
  std::unique_ptr<SSL, Free> ssl_;
  bool wants_write_ = false;
};

}  // namespace cartwise::http2
