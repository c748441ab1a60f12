#pragma once

#include <hiredis/hiredis.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

#include <absl/status/statusor.h>

#include "limits/redis_address.hpp"

namespace cartwise::gateway {

/// One connection to Redis. hiredis of Debian 12 knows no TLS, so it makes the
/// connection, writes commands and reads replies, and the bytes pass through here.
/// After a failure it is of no use any more. Used by one thread.
class RedisLine {
 public:
  using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

  /// Signed in, database chosen. Reads the files of `address` anew. UNAVAILABLE when
  /// Redis is away or, with TLS, cannot prove that it is `address.host`.
  static absl::StatusOr<std::unique_ptr<RedisLine>> Open(const RedisAddress& address);

  /// Adds a command to those that the next NextReply sends; as redisCommand has it.
  void Append(const char* format, ...);
  /// Sends what was appended and takes one reply, in their order. UNAVAILABLE also
  /// for an error that Redis replies.
  absl::StatusOr<Reply> NextReply();

 private:
  using Connection = std::unique_ptr<redisContext, decltype(&redisFree)>;
  using Tls = std::unique_ptr<SSL, decltype(&SSL_free)>;

  explicit RedisLine(Connection connection) : connection_(std::move(connection)) {}
  absl::Status Prove(const RedisAddress& address);
  absl::Status Send();
  absl::Status Receive();

  Connection connection_;
  Tls tls_{nullptr, &SSL_free};
  std::string unsent_;
};

}  // namespace cartwise::gateway
