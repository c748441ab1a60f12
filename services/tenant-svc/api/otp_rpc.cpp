#include "api/otp_rpc.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/sessions.hpp"

namespace cartwise::tenant {

grpc::Status OtpRpc::RequestOtp(grpc::ServerContext* ctx, const v1::RequestOtpRequest* req,
                                v1::RequestOtpResponse* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const CodeSent sent,
                        codes_.Request(caller, req->user_phone(), req->branch_id()));
    out->set_resend_after_seconds(int32_t(absl::ToInt64Seconds(sent.resend_after)));
    out->set_expires_in(int32_t(absl::ToInt64Seconds(sent.life)));
    return absl::OkStatus();
  });
}

grpc::Status OtpRpc::VerifyOtp(grpc::ServerContext* ctx, const v1::VerifyOtpRequest* req,
                               v1::ShopperSession* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const ShopperSession session,
                        codes_.Verify(caller, req->user_phone(), req->branch_id(), req->code()));
    out->set_access_token(session.access_token);
    out->set_token_type("Bearer");
    out->set_expires_in(int32_t(absl::ToInt64Seconds(session.life)));
    return absl::OkStatus();
  });
}

grpc::Status OtpRpc::SignOut(grpc::ServerContext* ctx, const v1::SignOutRequest* req,
                             google::protobuf::Empty* out) {
  return guard_.Write(ctx, *req, *out, database_, [&](Store& store, const Caller& caller) {
    return SignShopperOut(store, caller, clock_.Now());
  });
}

}  // namespace cartwise::tenant
