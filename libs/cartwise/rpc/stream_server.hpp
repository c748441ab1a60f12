#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/http2/limits.hpp"
#include "cartwise/rpc/server_certificate.hpp"
#include "cartwise/rpc/stream_call.hpp"

namespace cartwise::rpc {

/// What services may take of each other's streams: many on one connection, which may all end at
/// once; the rest as rpc::Server has it.
http2::Limits StreamLimits();

/// Serves streaming methods as rpc::Server serves the others (mutual TLS whose files may be
/// replaced, keepalive, 1 MiB messages, 16 KiB metadata), on one event loop and with little memory
/// for a stream that is quiet (docs/adr/2026-11-29-own-stream-server.md). It has no health service.
/// The program ignores SIGPIPE (process::Begin).
class StreamServer {
 public:
  /// `listen` is host:port, port 0 picks one. INVALID_ARGUMENT for files that make no certificate,
  /// UNAVAILABLE when the port is taken.
  static absl::StatusOr<std::unique_ptr<StreamServer>> Start(
      const std::string& listen, const TlsFiles& tls, StreamMethods methods,
      const http2::Limits& limits = StreamLimits());
  ~StreamServer();

  int port() const;
  /// No more calls; lets those under way finish for at most `grace`, then ends their connections.
  void Drain(absl::Duration grace);

 private:
  struct State;
  explicit StreamServer(std::unique_ptr<State> state);
  const std::unique_ptr<State> state_;
};

}  // namespace cartwise::rpc
