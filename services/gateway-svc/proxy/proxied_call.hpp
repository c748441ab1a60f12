#pragma once

#include <memory>
#include <string>

#include <absl/time/time.h>
#include <grpcpp/generic/async_generic_service.h>

#include "cartwise/obs/metrics.hpp"
#include "proxy/call_metadata.hpp"
#include "proxy/upstream.hpp"
#include "revocations/revocations.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// What both kinds of proxied calls know of the call: what to make upstream,
/// and what to log of it at its end.
struct ProxiedCall {
  const Method* method = nullptr;
  Upstream* upstream = nullptr;
  CallMetadata metadata;
  std::string caller;              ///< for the log, "device:<id>"
  std::shared_ptr<LiveCall> live;  ///< null for who is never revoked here
  absl::Time start;
  obs::Metrics* metrics = nullptr;

  /// One log line, one count, one duration.
  void Finished(const grpc::Status& status) const;

  /// Lets a revocation cancel the call; `context` lives until Settled.
  void Started(grpc::ClientContext& context) const;
  /// The call upstream is over: how it ended for the client.
  grpc::Status Settled(const grpc::Status& status) const;
};

/// A status as a stranger may see it: texts that gRPC or a failing service made
/// up itself are replaced, refusals with details stay.
grpc::Status Presentable(const grpc::Status& status);

/// Reactor of a call that is to be decided on; owns itself. Begin or Refuse is
/// called once, from any thread.
class ProxyReactor : public grpc::ServerGenericBidiReactor {
 public:
  /// Makes the call upstream.
  virtual void Begin(ProxiedCall call) = 0;
  /// Ends it before anything was done for it.
  virtual void Refuse(const grpc::Status& status) = 0;
};

/// Proxies one unary call. The answer's message and status go out in one write.
ProxyReactor* ProxyUnary(grpc::GenericCallbackServerContext* context);

/// Proxies a stream of any kind. No thread waits for it, and one message per
/// direction is in flight, so a slow reader slows the writer. Half close,
/// cancellation (both ways), initial and trailing metadata and status details
/// pass through.
ProxyReactor* ProxyStream(grpc::GenericCallbackServerContext* context);

/// Copies what a service sent along, but for names of gRPC itself.
void CopyMetadata(const std::multimap<grpc::string_ref, grpc::string_ref>& from,
                  grpc::CallbackServerContext& to, bool trailing);

}  // namespace cartwise::gateway
