#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <absl/status/statusor.h>
#include <grpcpp/security/server_credentials.h>

#include "cartwise/config/env.hpp"

namespace cartwise::rpc {

/// Certificates of this process. `ca` verifies peers.
struct TlsFiles {
  std::string ca;
  std::string cert;
  std::string key;

  /// `CARTWISE_TLS_CA`, `_CERT`, `_KEY`.
  static TlsFiles FromEnv(config::Env& env);
};

/// The contents of TlsFiles.
struct Pems {
  std::string ca, cert, key;

  /// INVALID_ARGUMENT when one of them cannot be read.
  static absl::StatusOr<Pems> Read(const TlsFiles& files);
  bool operator==(const Pems& other) const = default;
};

/// TlsFiles that may be replaced while a program runs. Thread-safe.
class PemFiles {
 public:
  explicit PemFiles(TlsFiles names) : names_(std::move(names)) {}
  const TlsFiles& names() const { return names_; }

  /// What they hold, when that is not what it was the last time. As Pems::Read the first time;
  /// later nullopt when they are half replaced, or gone: the next look finds them.
  absl::StatusOr<std::optional<Pems>> News();

 private:
  const TlsFiles names_;
  std::mutex mutex_;
  std::optional<Pems> last_;
};

/// TLS credentials of a server that wants a certificate of its clients, and whose files may be
/// replaced while it runs: every handshake looks at them. Files that make no certificate are told
/// of in the log, and the last good ones stay. Outlives its server.
class ServerCertificate final : public grpc::ServerCredentials {
 public:
  explicit ServerCertificate(TlsFiles files);
  ~ServerCertificate() override;

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  struct State;
  int AddPortToServer(const std::string& address, grpc_server* server) override;

  const std::unique_ptr<State> state_;
};

}  // namespace cartwise::rpc
