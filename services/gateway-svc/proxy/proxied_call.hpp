#pragma once

#include <functional>
#include <memory>
#include <string>

#include <absl/time/time.h>
#include <grpcpp/support/status.h>

#include "cartwise/obs/metrics.hpp"
#include "proxy/call_metadata.hpp"
#include "proxy/upstream.hpp"
#include "revocations/revocations.hpp"
#include "routing/contracts.hpp"

namespace cartwise::gateway {

/// What is known of an admitted call: what to make upstream, and what to log of it
/// at its end.
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

  /// Lets a revocation cancel the call, until Settled.
  void Started(std::function<void()> cancel) const;
  /// The call upstream is over: how it ended for the client.
  grpc::Status Settled(const grpc::Status& status) const;
};

/// A status as a stranger may see it: texts that gRPC or a failing service made
/// up itself are replaced, refusals with details stay.
grpc::Status Presentable(const grpc::Status& status);

}  // namespace cartwise::gateway
