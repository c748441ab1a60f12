#include "api/users_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/users.hpp"

namespace cartwise::tenant {
namespace {

v1::User ToProto(const User& user) {
  v1::User out;
  out.set_id(user.id.value());
  out.set_chain_id(user.chain.value());
  out.set_email(user.email);
  out.set_name(user.name);
  out.set_role(std::string(RoleName(user.role)));
  for (const BranchId& branch : user.branches) out.add_branch_ids(branch.value());
  out.set_active(user.active);
  *out.mutable_created_at() = ToTimestamp(user.created_at);
  *out.mutable_updated_at() = ToTimestamp(user.updated_at);
  return out;
}

v1::PasswordLink ToProto(const IssuedLink& issued) {
  v1::PasswordLink out;
  out.set_secret(issued.secret);
  *out.mutable_expires_at() = ToTimestamp(issued.link.expires_at);
  return out;
}

absl::StatusOr<std::vector<BranchId>> ParseBranches(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<BranchId> branches;
  for (const std::string& text : texts) {
    CW_ASSIGN_OR_RETURN(auto branch, ParseId<BranchId>("branch_ids", text));
    branches.push_back(std::move(branch));
  }
  return branches;
}

absl::StatusOr<User> FromProto(const v1::CreateUserRequest& req) {
  User user;
  CW_ASSIGN_OR_RETURN(user.chain, ParseOptionalId<ChainId>("chain_id", req.chain_id()));
  user.email = req.email();
  user.name = req.name();
  user.role = RoleFromName(req.role());
  CW_ASSIGN_OR_RETURN(user.branches, ParseBranches(req.branch_ids()));
  return user;
}

absl::StatusOr<UserChange> FromProto(const v1::UpdateUserRequest& req) {
  UserChange change;
  change.name = If(req.has_name(), req.name());
  change.role = If(req.has_role(), RoleFromName(req.role()));
  CW_ASSIGN_OR_RETURN(change.branches, ParseBranches(req.branch_ids()));
  change.whole_chain = req.whole_chain();
  change.active = If(req.has_active(), req.active());
  return change;
}

// The Once of a call with a password in it. What is kept of the request is a
// quick hash, from which a password could be guessed, so it leaves that out: the
// same key with another password gets the first answer.
class WithoutPassword final : public Once {
 public:
  WithoutPassword(Once& once, v1::CreateUserRequest req, Credentials& credentials) : once_(once) {
    req.clear_password();
    hash_ = credentials.HashSecret(req.SerializeAsString());
  }
  const std::string& Key() const override { return once_.Key(); }
  const std::string& Method() const override { return once_.Method(); }
  const std::string& RequestHash() const override { return hash_; }
  std::string Answer() const override { return once_.Answer(); }
  void Replay(const std::string& answer) override { once_.Replay(answer); }

 private:
  Once& once_;
  std::string hash_;
};

}  // namespace

grpc::Status UsersRpc::ListUsers(grpc::ServerContext* ctx, const v1::ListUsersRequest* req,
                                 v1::ListUsersResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 1));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListUsers(store, caller, page));
    for (const User& user : list.items) *out->add_users() = ToProto(user);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status UsersRpc::CreateUser(grpc::ServerContext* ctx, const v1::CreateUserRequest* req,
                                  v1::User* out) {
  std::optional<IssuedLink> link;
  const grpc::Status status =
      guard_.CallOnce(ctx, *req, *out, [&](const Caller& caller) -> absl::Status {
        if (caller.once == nullptr) return Create(caller, *req, out, link);
        WithoutPassword once(*caller.once, *req, credentials_);
        Caller keyed = caller;
        keyed.once = &once;
        return Create(keyed, *req, out, link);
      });
  // Only now: the answer that an Idempotency-Key keeps must not hold the secret.
  if (status.ok() && link) *out->mutable_password_link() = ToProto(*link);
  return status;
}

absl::Status UsersRpc::Create(const Caller& caller, const v1::CreateUserRequest& req, v1::User* out,
                              std::optional<IssuedLink>& link) {
  CW_ASSIGN_OR_RETURN(const User want, FromProto(req));
  return passwords_.CreateUser(caller, want, req.password(),
                               [&](const User& user, const std::optional<IssuedLink>& issued) {
                                 *out = ToProto(user);
                                 link = issued;
                               });
}

grpc::Status UsersRpc::GetUser(grpc::ServerContext* ctx, const v1::GetUserRequest* req,
                               v1::User* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const User user, tenant::GetUser(store, caller, id));
    *out = ToProto(user);
    return absl::OkStatus();
  });
}

grpc::Status UsersRpc::UpdateUser(grpc::ServerContext* ctx, const v1::UpdateUserRequest* req,
                                  v1::User* out) {
  return guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
        CW_ASSIGN_OR_RETURN(const UserChange change, FromProto(*req));
        CW_ASSIGN_OR_RETURN(const User user,
                            tenant::UpdateUser(store, caller, id, change, clock_.Now()));
        *out = ToProto(user);
        return absl::OkStatus();
      });
}

grpc::Status UsersRpc::CreatePasswordLink(grpc::ServerContext* ctx,
                                          const v1::CreatePasswordLinkRequest* req,
                                          v1::PasswordLink* out) {
  std::string secret;
  const grpc::Status status = guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
        CW_ASSIGN_OR_RETURN(IssuedLink issued, tenant::CreatePasswordLink(
                                                   store, caller, credentials_, id, clock_.Now()));
        *out = ToProto(issued);
        out->clear_secret();
        secret = std::move(issued.secret);
        return absl::OkStatus();
      });
  // Only now, as in CreateUser.
  if (status.ok()) out->set_secret(secret);
  return status;
}

grpc::Status UsersRpc::EndUserSignIns(grpc::ServerContext* ctx,
                                      const v1::EndUserSignInsRequest* req,
                                      google::protobuf::Empty* out) {
  return guard_.Write(ctx, *req, *out, database_,
                      [&](Store& store, const Caller& caller) -> absl::Status {
                        CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
                        return EndSignIns(store, caller, id, clock_.Now());
                      });
}

grpc::Status UsersRpc::DeleteUser(grpc::ServerContext* ctx, const v1::DeleteUserRequest* req,
                                  google::protobuf::Empty* out) {
  return guard_.Write(ctx, *req, *out, database_,
                      [&](Store& store, const Caller& caller) -> absl::Status {
                        CW_ASSIGN_OR_RETURN(const auto id, ParseId<UserId>("id", req->id()));
                        UserChange change;
                        change.active = false;
                        return tenant::UpdateUser(store, caller, id, change, clock_.Now()).status();
                      });
}

}  // namespace cartwise::tenant
