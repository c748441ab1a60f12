#include "cartwise/http2/socket.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include <openssl/err.h>

namespace cartwise::http2 {
namespace {

bool IsWait(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Socket::Socket(Tcp tcp) : tcp_(std::move(tcp)) {
  boost::system::error_code ignored;
  tcp_.non_blocking(true, ignored);
  tcp_.native_non_blocking(true, ignored);
  tcp_.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

Socket::Socket(Tcp tcp, SSL_CTX* context) : Socket(std::move(tcp)) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), tcp_.native_handle());
  SSL_set_accept_state(ssl_.get());
}

Socket::Socket(Tcp tcp, SSL_CTX* context, const std::string& server) : Socket(std::move(tcp)) {
  ssl_.reset(SSL_new(context));
  SSL_set_fd(ssl_.get(), tcp_.native_handle());
  SSL_set1_host(ssl_.get(), server.c_str());
  SSL_set_tlsext_host_name(ssl_.get(), server.c_str());
  SSL_set_connect_state(ssl_.get());
}

ssize_t Socket::Judge(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return kLater;
    case SSL_ERROR_WANT_WRITE:
      wants_write_ = true;
      return kLater;
    default:
      ERR_clear_error();
      return kOver;
  }
}

ssize_t Socket::Handshake() {
  if (!ssl_) return 1;
  wants_write_ = false;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return Judge(result);
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  const bool h2 = std::string_view(reinterpret_cast<const char*>(protocol), size) == "h2";
  return h2 ? 1 : kOver;
}

ssize_t Socket::Read(char* bytes, size_t room) {
  wants_write_ = false;
  if (ssl_) {
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), bytes, static_cast<int>(room));
    return count > 0 ? count : Judge(count);
  }
  const ssize_t count = recv(tcp_.native_handle(), bytes, room, 0);
  if (count > 0) return count;
  return count < 0 && IsWait(errno) ? kLater : kOver;
}

ssize_t Socket::Write(const char* bytes, size_t size) {
  wants_write_ = false;
  if (ssl_) {
    ERR_clear_error();
    const int count = SSL_write(ssl_.get(), bytes, static_cast<int>(size));
    return count > 0 ? count : Judge(count);
  }
  const ssize_t count = send(tcp_.native_handle(), bytes, size, MSG_NOSIGNAL);
  if (count > 0) return count;
  if (!IsWait(errno)) return kOver;
  wants_write_ = true;
  return kLater;
}

void Socket::Close() {
  boost::system::error_code ignored;
  if (ssl_ && SSL_is_init_finished(ssl_.get())) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  tcp_.shutdown(Tcp::shutdown_both, ignored);
  tcp_.close(ignored);
}

std::string Socket::PeerAddress() const {
  boost::system::error_code gone;
  auto address = tcp_.remote_endpoint(gone).address();
  if (gone) return "";
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

std::string Socket::PeerName() const {
  X509* const certificate = ssl_ ? SSL_get0_peer_certificate(ssl_.get()) : nullptr;
  if (certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return "";
  const X509_NAME* const subject = X509_get_subject_name(certificate);
  const int found = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  // A second name would say that somebody else is meant too.
  if (found < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, found) >= 0) return "";
  const ASN1_STRING* const name = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, found));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
          static_cast<size_t>(ASN1_STRING_length(name))};
}

}  // namespace cartwise::http2
