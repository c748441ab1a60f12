#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/http2/limits.hpp"
#include "http/tls.hpp"
#include "http2/services.hpp"
#include "proxy/grpc_gate.hpp"

namespace cartwise::gateway {

/// The gRPC side: a listener and two threads, each with an event loop, clients'
/// connections and connections to the services of its own. A connection and its
/// calls stay on the loop they were given to, and on its thread alone.
class GrpcServer {
 public:
  /// `listen` is host:port; port 0 picks one. What is referred to outlives it;
  /// `tls` is watched in the background. Null `tls`: without TLS, for tests.
  static absl::StatusOr<std::unique_ptr<GrpcServer>> Start(const std::string& listen,
                                                           const http2::Limits& limits,
                                                           GrpcGate& gate,
                                                           const ServiceTargets& services,
                                                           Tls* tls = nullptr);
  ~GrpcServer();

  int port() const;
  /// Accepts no more, tells clients to go elsewhere, lets calls finish for at
  /// most `grace`, gives up the rest.
  void Drain(absl::Duration grace);

 private:
  struct State;
  explicit GrpcServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::gateway
