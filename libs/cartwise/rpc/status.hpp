#pragma once

#include <absl/status/status.h>
#include <grpcpp/support/status.h>

namespace cartwise::rpc {

/// Puts reason, details and fields at fault into google.rpc.ErrorInfo (domain
/// "cartwise") and BadRequest. INTERNAL and UNKNOWN keep their code, their text
/// is replaced: the caller of this logs the real one.
grpc::Status ToGrpc(const absl::Status& status);

/// The reverse, for answers of other services.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace cartwise::rpc
