#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/grpcpp.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/options/v1/policy.pb.h"

namespace cartwise::rpc {

/// What one incoming call says about itself in metadata and certificate, whichever server took it.
class CallContext {
 public:
  using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

  virtual ~CallContext() = default;
  virtual const Metadata& metadata() const = 0;
  /// Name in the verified client certificate; empty without one.
  virtual std::string PeerName() const = 0;
  virtual std::string PeerAddress() const = 0;
};

/// A call that gRPC's server took.
class GrpcCallContext final : public CallContext {
 public:
  explicit GrpcCallContext(const grpc::ServerContextBase& ctx) : ctx_(ctx) {}
  const Metadata& metadata() const override { return ctx_.client_metadata(); }
  std::string PeerName() const override;
  std::string PeerAddress() const override { return ctx_.peer(); }

 private:
  const grpc::ServerContextBase& ctx_;
};

/// The single value of a metadata key; nullopt when absent or given twice.
std::optional<std::string_view> ValueIn(const CallContext::Metadata& metadata, const char* key);

/// Whether it may be an Idempotency-Key: 1 to 255 printable ASCII characters.
bool IsIdempotencyKey(std::string_view key);

/// Trace id of `traceparent`, or a new one.
std::string TraceIdOf(const CallContext& call);

/// The client's deadline, at most `policy.timeout_ms` from now.
absl::Time DeadlineOf(const grpc::ServerContextBase& ctx, const options::v1::Policy& policy,
                      absl::Time now);

/// Who calls: the bearer's caller when there is one, else the service of the
/// peer's certificate, else (also through the gateway, but where a method names
/// it) nobody. A bearer that
/// does not verify is UNAUTHENTICATED (BAD_TOKEN), but nobody where the policy
/// admits nobody: signing in works with an old token still attached.
absl::StatusOr<Caller> Identify(const CallContext& call, const auth::TokenVerifier& tokens,
                                const options::v1::Policy& policy);

}  // namespace cartwise::rpc
