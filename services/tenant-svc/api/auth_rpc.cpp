#include "api/auth_rpc.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

v1::Session ToProto(const Session& session) {
  v1::Session out;
  out.set_access_token(session.access_token);
  out.set_refresh_token(session.refresh_token);
  out.set_token_type("Bearer");
  out.set_expires_in(int32_t(absl::ToInt64Seconds(session.access_token_life)));
  return out;
}

v1::Me ToProto(const User& user) {
  v1::Me out;
  out.set_user_id(user.id.value());
  out.set_email(user.email);
  out.set_name(user.name);
  out.set_chain_id(user.chain.value());
  for (const Grant& grant : user.Grants()) {
    auto& entry = *out.add_grants();
    entry.set_role(std::string(RoleName(grant.role)));
    for (const BranchId& branch : grant.branches) entry.add_branch_ids(branch.value());
  }
  return out;
}

}  // namespace

grpc::Status AuthRpc::Login(grpc::ServerContext* ctx, const v1::LoginRequest* req,
                            v1::Session* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Session session,
                        sessions_.Login(caller, req->email(), req->password()));
    *out = ToProto(session);
    return absl::OkStatus();
  });
}

grpc::Status AuthRpc::Refresh(grpc::ServerContext* ctx, const v1::RefreshRequest* req,
                              v1::Session* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Session session, sessions_.Refresh(caller, req->refresh_token()));
    *out = ToProto(session);
    return absl::OkStatus();
  });
}

grpc::Status AuthRpc::Logout(grpc::ServerContext* ctx, const v1::LogoutRequest* req,
                             google::protobuf::Empty*) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) {
    return sessions_.Logout(caller, req->refresh_token());
  });
}

grpc::Status AuthRpc::ChangePassword(grpc::ServerContext* ctx, const v1::ChangePasswordRequest* req,
                                     v1::Session* out) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const Session session,
                        passwords_.Change(caller, req->old_password(), req->new_password()));
    *out = ToProto(session);
    return absl::OkStatus();
  });
}

grpc::Status AuthRpc::SetPassword(grpc::ServerContext* ctx, const v1::SetPasswordRequest* req,
                                  google::protobuf::Empty*) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) {
    return passwords_.SetByLink(caller, req->link_secret(), req->new_password());
  });
}

grpc::Status AuthRpc::GetMe(grpc::ServerContext* ctx, const v1::GetMeRequest* req, v1::Me* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const User user, tenant::GetMe(store, caller));
    *out = ToProto(user);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::tenant
