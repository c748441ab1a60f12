#include "proxy/proxied_call.hpp"

#include <utility>

#include <absl/status/status.h>
#include <absl/time/clock.h>

#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::gateway {

void ProxiedCall::Finished(const grpc::Status& status) const {
  const double seconds = absl::ToDoubleSeconds(absl::Now() - start);
  const std::string code =
      absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
  const std::string& service = method->descriptor->service()->full_name();
  const std::string& name = method->descriptor->name();
  metrics->Count("grpc_server_handled_total",
                 {{"grpc_service", service}, {"grpc_method", name}, {"grpc_code", code}});
  if (!method->streaming()) {
    metrics->Seconds("grpc_server_handling_seconds",
                     {{"grpc_service", service}, {"grpc_method", name}}, seconds);
  }
  obs::Info("grpc call", {{"method", method->path},
                          {"code", code},
                          {"duration_ms", seconds * 1000},
                          {"caller", caller},
                          {"peer", metadata.peer},
                          {"trace_id", TraceIdOf(metadata.traceparent)}});
}

void ProxiedCall::Started(std::function<void()> cancel) const {
  if (live) live->Begin(std::move(cancel));
}

grpc::Status ProxiedCall::Settled(const grpc::Status& status) const {
  if (!live) return status;
  live->End();
  return live->cut_off() && !status.ok() ? rpc::ToGrpc(TokenRevoked()) : status;
}

grpc::Status Presentable(const grpc::Status& status) {
  if (!status.error_details().empty()) return status;
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      return {status.error_code(), "a part of the service cannot be reached right now; try again"};
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::DATA_LOSS:
      return {status.error_code(),
              "something went wrong on our side; the trace id finds it in the logs"};
    // Without a reason these are the database's, in its own words.
    case grpc::StatusCode::ABORTED:
      return {status.error_code(), "somebody else changed it at the same time; try again"};
    case grpc::StatusCode::ALREADY_EXISTS:
      return {status.error_code(), "it exists already"};
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {status.error_code(), "its state does not allow this"};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return {status.error_code(), "it took too long; whether it happened is not known"};
    default:
      return status;
  }
}

}  // namespace cartwise::gateway
