#pragma once

#include <string>
#include <string_view>

#include <grpcpp/support/status.h>

namespace cartwise::gateway {

/// grpc.health.v1.Health of this gateway itself, by framed messages of gRPC.
enum class HealthMethod { kNone, kCheck, kWatch };
HealthMethod HealthMethodOf(const std::string& path);

/// The answer's framed message.
std::string HealthMessage(bool serving);
/// OK for a request about the whole server, which is all that is known here.
grpc::Status CheckHealthRequest(std::string_view framed);

}  // namespace cartwise::gateway
