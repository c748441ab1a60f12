#include "api/auth_rpc.hpp"

#include "api/translation.hpp"
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

v1::SignIn ToProto(const LiveSignIn& sign_in) {
  v1::SignIn out;
  out.set_id(sign_in.id.value());
  *out.mutable_created_at() = ToTimestamp(sign_in.created_at);
  *out.mutable_last_used_at() = ToTimestamp(sign_in.used_at);
  out.set_address(sign_in.address);
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
                        sessions_.Login(caller, req->email(), req->password(), req->code()));
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
    CW_ASSIGN_OR_RETURN(const Session session, passwords_.Change(caller, req->old_password(),
                                                                 req->new_password(), req->code()));
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

grpc::Status AuthRpc::ListSignIns(grpc::ServerContext* ctx, const v1::ListSignInsRequest* req,
                                  v1::ListSignInsResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 1));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListSignIns(store, caller, page, clock_.Now()));
    for (const LiveSignIn& sign_in : list.items) *out->add_sign_ins() = ToProto(sign_in);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status AuthRpc::EndSignIn(grpc::ServerContext* ctx, const v1::EndSignInRequest* req,
                                google::protobuf::Empty*) {
  return guard_.Call(ctx, *req, [&](const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<SignInId>("id", req->id()));
    return sessions_.EndOwn(caller, id, req->password(), req->code());
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
