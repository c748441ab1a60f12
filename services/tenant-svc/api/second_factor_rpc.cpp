#include "api/second_factor_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"

namespace cartwise::tenant {

grpc::Status SecondFactorRpc::BeginSecondFactor(grpc::ServerContext* ctx,
                                                const v1::BeginSecondFactorRequest* req,
                                                v1::SecondFactorSetup* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const FactorSetup setup,
                        factors_.Begin(caller, req->email(), req->password()));
    out->set_secret(setup.secret);
    out->set_uri(setup.uri);
    return absl::OkStatus();
  });
}

grpc::Status SecondFactorRpc::ConfirmSecondFactor(grpc::ServerContext* ctx,
                                                  const v1::ConfirmSecondFactorRequest* req,
                                                  v1::RecoveryCodes* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto codes,
                        factors_.Confirm(caller, req->email(), req->password(), req->code()));
    out->mutable_codes()->Add(codes.begin(), codes.end());
    return absl::OkStatus();
  });
}

grpc::Status SecondFactorRpc::RemoveSecondFactor(grpc::ServerContext* ctx,
                                                 const v1::RemoveSecondFactorRequest* req,
                                                 google::protobuf::Empty*) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) {
    return factors_.Remove(caller, req->email(), req->password(), req->code());
  });
}

grpc::Status SecondFactorRpc::RemoveUserSecondFactor(grpc::ServerContext* ctx,
                                                     const v1::RemoveUserSecondFactorRequest* req,
                                                     google::protobuf::Empty* out) {
  return guard_.Write(ctx, *req, *out, database_,
                      [&](Store& store, const Caller& caller) -> absl::Status {
                        CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
                        return RemoveFactorOf(store, caller, id, clock_.Now());
                      });
}

}  // namespace cartwise::tenant
