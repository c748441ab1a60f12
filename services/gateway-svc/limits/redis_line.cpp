#include "limits/redis_line.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdarg>
#include <cstring>

#include <absl/strings/str_cat.h>

#include "cartwise/base/status_macros.hpp"

namespace cartwise::gateway {
namespace {

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

constexpr timeval kPatience{0, 500'000};
/// Of TLS 1.2; those of 1.3 are all fine.
constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

absl::Status Away(const std::string& why) {
  return absl::UnavailableError(absl::StrCat("Redis: ", why));
}

std::string WhyTlsFailed(const SSL* tls) {
  const long verified = SSL_get_verify_result(tls);
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  const unsigned long error = ERR_peek_last_error();
  if (error != 0) return ERR_error_string(error, nullptr);
  return errno == EAGAIN ? "no answer in time" : "the connection ended";
}

absl::StatusOr<Context> ContextOf(const rpc::TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(context.get(), kCiphers);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), files.ca.c_str(), nullptr) != 1) {
    return Away("no authority is in " + files.ca);
  }
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.cert.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Away("no certificate with its key are " + files.cert + " and " + files.key);
  }
  return context;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RedisLine>> RedisLine::Open(const RedisAddress& address) {
  Connection connection(redisConnectWithTimeout(address.host.c_str(), address.port, kPatience),
                        &redisFree);
  if (!connection) return Away("out of memory");
  if (connection->err != 0) return Away(connection->errstr);
  redisSetTimeout(connection.get(), kPatience);
  std::unique_ptr<RedisLine> line(new RedisLine(std::move(connection)));
  if (address.tls) CW_RETURN_IF_ERROR(line->Prove(address));
  if (!address.password.empty()) {
    line->Append("AUTH %s", address.password.c_str());
    CW_RETURN_IF_ERROR(line->NextReply().status());
  }
  if (!address.database.empty()) {
    line->Append("SELECT %s", address.database.c_str());
    CW_RETURN_IF_ERROR(line->NextReply().status());
  }
  return line;
}

absl::Status RedisLine::Prove(const RedisAddress& address) {
  ERR_clear_error();
  CW_ASSIGN_OR_RETURN(const Context context, ContextOf(*address.tls));
  tls_.reset(SSL_new(context.get()));
  const char* const host = address.host.c_str();
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls_.get()), host) != 1) {
    SSL_set1_host(tls_.get(), host);
    SSL_set_tlsext_host_name(tls_.get(), host);
  }
  ERR_clear_error();
  SSL_set_fd(tls_.get(), connection_->fd);
  return SSL_connect(tls_.get()) == 1 ? absl::OkStatus() : Away(WhyTlsFailed(tls_.get()));
}

void RedisLine::Append(const char* format, ...) {
  va_list values;
  va_start(values, format);
  char* command = nullptr;
  const int size = redisvFormatCommand(&command, format, values);
  va_end(values);
  if (size > 0) unsent_.append(command, static_cast<size_t>(size));
  redisFreeCommand(command);
}

absl::Status RedisLine::Send() {
  while (!unsent_.empty()) {
    ERR_clear_error();
    const ssize_t sent =
        tls_ ? SSL_write(tls_.get(), unsent_.data(), static_cast<int>(unsent_.size()))
             : send(connection_->fd, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent <= 0) return Away(tls_ ? WhyTlsFailed(tls_.get()) : std::strerror(errno));
    unsent_.erase(0, static_cast<size_t>(sent));
  }
  return absl::OkStatus();
}

absl::Status RedisLine::Receive() {
  char bytes[16 * 1024];
  ERR_clear_error();
  const ssize_t size = tls_ ? SSL_read(tls_.get(), bytes, sizeof bytes)
                            : recv(connection_->fd, bytes, sizeof bytes, 0);
  if (size <= 0) {
    if (tls_) return Away(WhyTlsFailed(tls_.get()));
    return Away(size == 0 ? "the connection ended" : std::strerror(errno));
  }
  redisReaderFeed(connection_->reader, bytes, static_cast<size_t>(size));
  return absl::OkStatus();
}

absl::StatusOr<RedisLine::Reply> RedisLine::NextReply() {
  CW_RETURN_IF_ERROR(Send());
  while (true) {
    void* raw = nullptr;
    if (redisReaderGetReply(connection_->reader, &raw) != REDIS_OK) {
      return Away(connection_->reader->errstr);
    }
    if (raw == nullptr) {
      CW_RETURN_IF_ERROR(Receive());
      continue;
    }
    Reply reply(static_cast<redisReply*>(raw), &freeReplyObject);
    if (reply->type == REDIS_REPLY_ERROR) return Away(reply->str);
    return reply;
  }
}

}  // namespace cartwise::gateway
