#include "http2/health.hpp"

#include "cartwise/rpc/wire.hpp"

namespace cartwise::gateway {

HealthMethod HealthMethodOf(const std::string& path) {
  if (path == "/grpc.health.v1.Health/Check") return HealthMethod::kCheck;
  if (path == "/grpc.health.v1.Health/Watch") return HealthMethod::kWatch;
  return HealthMethod::kNone;
}

std::string HealthMessage(bool serving) {
  // Field 1, SERVING or NOT_SERVING.
  return rpc::MessagePrefix(2) + '\x08' + (serving ? '\x01' : '\x02');
}

grpc::Status CheckHealthRequest(std::string_view framed) {
  if (framed.size() < rpc::kMessagePrefix)
    return {grpc::StatusCode::INVALID_ARGUMENT, "no message"};
  // Nothing, or an empty name written out.
  const std::string_view message = framed.substr(rpc::kMessagePrefix);
  if (message.empty() || message == std::string_view("\x0a\0", 2)) return grpc::Status::OK;
  return {grpc::StatusCode::NOT_FOUND, "no such service"};
}

}  // namespace cartwise::gateway
