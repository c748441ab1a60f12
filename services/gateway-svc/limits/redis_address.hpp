#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "cartwise/rpc/server_certificate.hpp"

namespace cartwise::gateway {

/// Where Redis is, and what is needed to talk to it.
struct RedisAddress {
  std::string host;
  int port = 6379;
  std::string password;              ///< empty: none
  std::string database;              ///< its number; empty: the first
  std::optional<rpc::TlsFiles> tls;  ///< proves Redis, and us where it asks; empty: no TLS

  /// `url` is redis://[:PASSWORD@]HOST[:PORT][/DATABASE], or rediss:// for TLS by
  /// `files`. INVALID_ARGUMENT when it is not, and for redis:// to another machine:
  /// nobody on the way may read along or answer in its place.
  static absl::StatusOr<RedisAddress> Parse(const std::string& url, const rpc::TlsFiles& files);
};

}  // namespace cartwise::gateway
