#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <openssl/ssl.h>

namespace cartwise::http2 {

enum class Protocol { kHttp1, kHttp2 };

/// What the context of a server needs: TLS 1.2 and 1.3 with forward secrecy, that protocol alone
/// (ALPN), and no record buffers kept by a connection that is quiet.
void PrepareServer(SSL_CTX* context, Protocol protocol);

using TlsContext = std::shared_ptr<SSL_CTX>;

/// Of a server of HTTP/2 whose clients must show a certificate of `ca`. All are PEM, `cert` with
/// the leaf first. INVALID_ARGUMENT when they cannot be read or do not belong together.
absl::StatusOr<TlsContext> MutualTls(const std::string& ca, const std::string& cert,
                                     const std::string& key);

}  // namespace cartwise::http2
