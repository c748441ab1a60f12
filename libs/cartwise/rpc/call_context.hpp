#pragma once

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

/// What one incoming call says about itself in metadata and certificate.

/// The single value of a metadata key; nullopt when absent or given twice.
std::optional<std::string_view> Metadata(const grpc::ServerContextBase& ctx, const char* key);

/// Trace id of `traceparent`, or a new one.
std::string TraceIdOf(const grpc::ServerContextBase& ctx);

/// The client's deadline, at most `policy.timeout_ms` from now.
absl::Time DeadlineOf(const grpc::ServerContextBase& ctx, const options::v1::Policy& policy,
                      absl::Time now);

/// Who calls: the bearer's caller when there is one, else the service of the
/// peer's certificate, else (also through the gateway, but where a method names
/// it) nobody. A bearer that
/// does not verify is UNAUTHENTICATED (BAD_TOKEN), but nobody where the policy
/// admits nobody: signing in works with an old token still attached.
absl::StatusOr<Caller> Identify(const grpc::ServerContextBase& ctx,
                                const auth::TokenVerifier& tokens,
                                const options::v1::Policy& policy);

}  // namespace cartwise::rpc
