#pragma once

#include <memory>
#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <google/protobuf/message.h>
#include <grpcpp/grpcpp.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/obs/metrics.hpp"
#include "cartwise/rpc/call_context.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::rpc {

/// The one thing around every RPC handler: proves the caller, checks the
/// method's policy option, bounds the time, maps the status, counts, logs one
/// line. A service has one; RPC bodies only translate.
///
///   grpc::Status ChainsRpc::CreateChain(grpc::ServerContext* ctx,
///       const v1::CreateChainRequest* req, v1::Chain* out) {
///     return guard_.Write(ctx, *req, *out, database_,
///         [&](Store& store, const Caller& caller) -> absl::Status {
///           CW_ASSIGN_OR_RETURN(const NewChain want, FromProto(*req));
///           CW_ASSIGN_OR_RETURN(const Chain chain, CreateChain(store, caller, want));
///           *out = ToProto(chain);
///           return absl::OkStatus();
///         });
///   }
///
/// The method is found by the type of its request: every method has its own.
class Guard {
 public:
  Guard(const auth::TokenVerifier& tokens, obs::Metrics& metrics);
  ~Guard();

  /// Runs `body(caller)`.
  template <typename Body>
  grpc::Status Call(grpc::ServerContextBase* ctx, const google::protobuf::Message& request,
                    Body&& body) {
    return Run(ctx, request, nullptr,
               [&](const Caller& caller) -> absl::Status { return body(caller); });
  }

  /// Runs `body(store, caller)` in one transaction (`Database` has Write, Read
  /// and names its StoreType), at most once per
  /// Idempotency-Key; `answer` is stored and played back.
  template <typename Database, typename Body>
  grpc::Status Write(grpc::ServerContextBase* ctx, const google::protobuf::Message& request,
                     google::protobuf::Message& answer, Database& database, Body&& body) {
    return Run(ctx, request, &answer, [&](const Caller& caller) -> absl::Status {
      return database.Write(
          caller, [&](typename Database::StoreType& store) { return body(store, caller); });
    });
  }

  /// Runs `body(store, caller)` in one transaction that only reads.
  template <typename Database, typename Body>
  grpc::Status Read(grpc::ServerContextBase* ctx, const google::protobuf::Message& request,
                    Database& database, Body&& body) {
    return Run(ctx, request, nullptr, [&](const Caller& caller) -> absl::Status {
      return database.Read(
          caller, [&](typename Database::StoreType& store) { return body(store, caller); });
    });
  }

  /// For calls that answer with an Idempotency-Key in several transactions
  /// (assign): like Call, with `caller.once` set for `answer`.
  template <typename Body>
  grpc::Status CallOnce(grpc::ServerContextBase* ctx, const google::protobuf::Message& request,
                        google::protobuf::Message& answer, Body&& body) {
    return Run(ctx, request, &answer,
               [&](const Caller& caller) -> absl::Status { return body(caller); });
  }

  /// For streams: proves the caller of a streaming method by its full name,
  /// "cartwise.device.v1.AgentService.Control".
  absl::StatusOr<Caller> AdmitStream(const CallContext& call, const std::string& method) const;

 private:
  using Work = absl::FunctionRef<absl::Status(const Caller&)>;
  grpc::Status Run(grpc::ServerContextBase* ctx, const google::protobuf::Message& request,
                   google::protobuf::Message* answer, Work work) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::rpc
