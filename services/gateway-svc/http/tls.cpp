#include "http/tls.hpp"

#include <chrono>
#include <fstream>
#include <iterator>

#include <absl/strings/str_cat.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cartwise/base/status_macros.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

constexpr std::chrono::seconds kWatchEvery{5};
/// Of TLS 1.2; those of 1.3 are all fine.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kHttp1[] = "\x08http/1.1";
constexpr unsigned char kHttp2[] = "\x02h2";

absl::StatusOr<std::string> Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  }
  return text;
}

/// A client that offers other protocols only could not read our answers.
int ChooseProtocol(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* chosen_size,
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

absl::StatusOr<Tls::Context> Make(const std::string& cert, const std::string& key,
                                  Tls::Protocol protocol) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection keeps no 34 KB of record buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_cipher_list(native, kCiphers);
  const bool http2 = protocol == Tls::Protocol::kHttp2;
  SSL_CTX_set_alpn_select_cb(native, ChooseProtocol,
                             const_cast<unsigned char*>(http2 ? kHttp2 : kHttp1));
  if (http2) {
    // Written again from another place when the socket did not take it.
    SSL_CTX_set_mode(native, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Clients of gRPC resume nothing, and what is remembered for them costs memory.
    SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(native, 0);
  }
  error_code fault;
  if (context->use_certificate_chain(asio::buffer(cert), fault)) {
    return absl::InvalidArgumentError(absl::StrCat("not a certificate: ", fault.message()));
  }
  // Refuses a key that is not the certificate's.
  if (context->use_private_key(asio::buffer(key), ssl::context::pem, fault)) {
    return absl::InvalidArgumentError(absl::StrCat("not its key: ", fault.message()));
  }
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Tls>> Tls::Load(const std::string& cert, const std::string& key,
                                               Protocol protocol) {
  std::unique_ptr<Tls> tls(new Tls(cert, key, protocol));
  CW_RETURN_IF_ERROR(tls->Reload());
  return tls;
}

Tls::Context Tls::context() const {
  std::lock_guard lock(mutex_);
  return context_;
}

absl::Status Tls::Reload() {
  const absl::StatusOr<std::string> cert = Read(cert_);
  const absl::StatusOr<std::string> key = Read(key_);
  const size_t contents =
      std::hash<std::string>()(absl::StrCat(cert.value_or("-"), "\n", key.value_or("-")));
  std::lock_guard lock(mutex_);
  if (contents == tried_) return absl::OkStatus();
  tried_ = contents;
  CW_RETURN_IF_ERROR(cert.status());
  CW_RETURN_IF_ERROR(key.status());
  CW_ASSIGN_OR_RETURN(context_, Make(*cert, *key, protocol_));
  obs::Info("TLS certificate loaded", {{"file", cert_}});
  return absl::OkStatus();
}

asio::awaitable<void> Tls::Watch() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  for (;;) {
    timer.expires_after(kWatchEvery);
    co_await timer.async_wait(asio::use_awaitable);
    const absl::Status status = Reload();
    if (status.ok()) continue;
    obs::Error("new TLS certificate refused, the old one stays",
               {{"file", cert_}, {"why", std::string(status.message())}});
  }
}

}  // namespace cartwise::gateway
