#include "http/tls.hpp"

#include <chrono>

#include <absl/strings/str_cat.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "cartwise/base/files.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/http2/tls.hpp"
#include "cartwise/obs/log.hpp"

namespace cartwise::gateway {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using boost::system::error_code;

constexpr std::chrono::seconds kWatchEvery{5};

absl::StatusOr<Tls::Context> Make(const std::string& cert, const std::string& key,
                                  http2::Protocol protocol) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  http2::PrepareServer(context->native_handle(), protocol);
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
  const absl::StatusOr<std::string> cert = ReadFile(cert_);
  const absl::StatusOr<std::string> key = ReadFile(key_);
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
