#include "cartwise/http2/tls.hpp"

#include <openssl/err.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

namespace cartwise::http2 {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Of TLS 1.2; those of 1.3 are all fine.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kHttp1[] = "\x08http/1.1";
constexpr unsigned char kHttp2[] = "\x02h2";

/// A client that offers other protocols only could not read our answers.
int Choose(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
           const unsigned char* offered, unsigned offered_size, void* ours) {
  unsigned char* match = nullptr;
  const auto* const protocol = static_cast<const unsigned char*>(ours);
  if (SSL_select_next_proto(&match, chosen_size, protocol, protocol[0] + 1U, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = match;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

void PrepareServer(SSL_CTX* context, Protocol protocol) {
  const bool http2 = protocol == Protocol::kHttp2;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_cipher_list(context, kCiphers);
  SSL_CTX_set_alpn_select_cb(context, Choose, const_cast<unsigned char*>(http2 ? kHttp2 : kHttp1));
  // An idle connection keeps no 34 KB of record buffers.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  if (!http2) return;
  // Written again from another place when the socket did not take it.
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Clients of gRPC resume nothing, and what is remembered for them costs memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(context, 0);
}

absl::StatusOr<TlsContext> MutualTls(const std::string& ca, const std::string& cert,
                                     const std::string& key) {
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  PrepareServer(native, Protocol::kHttp2);
  SSL_CTX_set_verify(native, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  error_code fault;
  const bool good = !context->add_certificate_authority(asio::buffer(ca), fault) &&
                    !context->use_certificate_chain(asio::buffer(cert), fault) &&
                    !context->use_private_key(asio::buffer(key), asio::ssl::context::pem, fault);
  ERR_clear_error();
  if (!good)
    return absl::InvalidArgumentError("not a certificate with its key: " + fault.message());
  return TlsContext(context, native);
}

}  // namespace cartwise::http2
