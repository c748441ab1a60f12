#pragma once

#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/auth.grpc.pb.h"
#include "domain/passwords.hpp"
#include "domain/sessions.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// AuthService over gRPC. Sign-ins take no Idempotency-Key: a stored answer
/// would be a stored secret. Thread-safe; lives as long as what it is given.
class AuthRpc final : public v1::AuthService::Service {
 public:
  AuthRpc(rpc::Guard& guard, Sessions& sessions, Passwords& passwords, TenantDatabase& database,
          const Clock& clock)
      : guard_(guard),
        sessions_(sessions),
        passwords_(passwords),
        database_(database),
        clock_(clock) {}

  grpc::Status Login(grpc::ServerContext* ctx, const v1::LoginRequest* req,
                     v1::Session* out) override;
  grpc::Status Refresh(grpc::ServerContext* ctx, const v1::RefreshRequest* req,
                       v1::Session* out) override;
  grpc::Status Logout(grpc::ServerContext* ctx, const v1::LogoutRequest* req,
                      google::protobuf::Empty* out) override;
  grpc::Status ChangePassword(grpc::ServerContext* ctx, const v1::ChangePasswordRequest* req,
                              v1::Session* out) override;
  grpc::Status SetPassword(grpc::ServerContext* ctx, const v1::SetPasswordRequest* req,
                           google::protobuf::Empty* out) override;
  grpc::Status ListSignIns(grpc::ServerContext* ctx, const v1::ListSignInsRequest* req,
                           v1::ListSignInsResponse* out) override;
  grpc::Status EndSignIn(grpc::ServerContext* ctx, const v1::EndSignInRequest* req,
                         google::protobuf::Empty* out) override;
  grpc::Status GetMe(grpc::ServerContext* ctx, const v1::GetMeRequest* req, v1::Me* out) override;

 private:
  rpc::Guard& guard_;
  Sessions& sessions_;
  Passwords& passwords_;
  TenantDatabase& database_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
