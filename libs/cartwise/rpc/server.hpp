#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include "cartwise/obs/metrics.hpp"
#include "cartwise/rpc/server_certificate.hpp"

namespace cartwise::rpc {

struct ServerConfig {
  std::string listen;  ///< host:port, port 0 picks one
  TlsFiles tls;
  int max_threads = 512;  ///< of synchronous handlers; beyond it calls are RESOURCE_EXHAUSTED

  /// TlsFiles::FromEnv and `<service>_LISTEN`; `service` is "CARTWISE_TENANT".
  static ServerConfig FromEnv(config::Env& env, const std::string& service,
                              const std::string& default_listen);
};

/// A gRPC server over mutual TLS with health service, pings every 10 s allowed, 1 MiB
/// messages, 16 KiB metadata.
class Server {
 public:
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerConfig& config,
                                                       const std::vector<grpc::Service*>& services);
  ~Server();

  int port() const { return port_; }
  /// NOT_SERVING, then finishes what runs (at most `grace`), then closes.
  void Drain(absl::Duration grace);

 private:
  Server() = default;
  std::shared_ptr<ServerCertificate> certificate_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

/// A channel to another service over mutual TLS. `service` is its certificate
/// name ("device-svc").
std::shared_ptr<grpc::Channel> Connect(const std::string& target, const std::string& service,
                                       const TlsFiles& tls);

/// Fills a client context for a call made on behalf of nobody but this
/// service: deadline and trace id.
void Prepare(grpc::ClientContext& ctx, absl::Time deadline, const std::string& trace_id);

}  // namespace cartwise::rpc
