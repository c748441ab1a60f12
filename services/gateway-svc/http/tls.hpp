#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/statusor.h>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ssl/context.hpp>

#include "cartwise/http2/tls.hpp"

namespace cartwise::gateway {

/// The certificate of a public port, from PEM files that may be replaced while
/// the gateway runs: TLS 1.2 and 1.3, forward secrecy, ALPN of one protocol.
/// Thread-safe.
class Tls {
 public:
  using Context = std::shared_ptr<boost::asio::ssl::context>;
  using Protocol = http2::Protocol;

  /// `cert` holds the chain, leaf first. INVALID_ARGUMENT when the files cannot
  /// be read or do not belong together.
  static absl::StatusOr<std::unique_ptr<Tls>> Load(const std::string& cert, const std::string& key,
                                                   Protocol protocol = Protocol::kHttp1);

  /// For the next connection; one that is open keeps the one it began with.
  Context context() const;

  /// Reads the files again when their contents changed. A failure is told once
  /// per change, and what was loaded before stays in use.
  absl::Status Reload();

  /// Reloads every few seconds until it is cancelled, and logs what came of it.
  boost::asio::awaitable<void> Watch();

 private:
  Tls(std::string cert, std::string key, Protocol protocol)
      : cert_(std::move(cert)), key_(std::move(key)), protocol_(protocol) {}

  const std::string cert_;
  const std::string key_;
  const Protocol protocol_;
  mutable std::mutex mutex_;
  Context context_;
  size_t tried_ = 0;  ///< hash of the contents that were last tried
};

}  // namespace cartwise::gateway
