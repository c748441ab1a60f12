#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "http/api.hpp"
#include "http/connection.hpp"

namespace cartwise::gateway {

/// The HTTP/1.1 side: a listener and two threads, each with an event loop of
/// its own; a connection stays on the one it was given to.
class HttpServer {
 public:
  /// `listen` is host:port; port 0 picks one. `api`, `health` and `tls` outlive it;
  /// `health` asks and `tls` is watched in the background. Null `tls`: plain HTTP.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& listen,
                                                           const HttpLimits& limits, const Api& api,
                                                           HealthWatch& health,
                                                           const ServiceTargets& services,
                                                           Tls* tls = nullptr);
  ~HttpServer();

  int port() const;
  /// Accepts no more, closes idle connections, lets requests finish for at most
  /// `grace`, gives up the rest.
  void Drain(absl::Duration grace);

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::gateway
