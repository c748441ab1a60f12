#pragma once

#include <string_view>

#include <absl/status/status.h>

namespace cartwise::gateway {

/// For a port without a certificate. `listen`: host:port; `proxies`: of ours, in front.
/// INVALID_ARGUMENT unless nobody reaches it over a network unencrypted: it listens on
/// a loopback address, or stands behind proxies, which speak TLS with clients.
absl::Status CheckPlainHttp(std::string_view listen, int proxies);

}  // namespace cartwise::gateway
