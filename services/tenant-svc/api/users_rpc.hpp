#pragma once

#include <optional>

#include "cartwise/base/clock.hpp"
#include "cartwise/rpc/guard.hpp"
#include "cartwise/tenant/v1/users.grpc.pb.h"
#include "domain/credentials.hpp"
#include "domain/passwords.hpp"
#include "domain/store.hpp"

namespace cartwise::tenant {

/// UserService over gRPC. Thread-safe; lives as long as what it is given.
class UsersRpc final : public v1::UserService::Service {
 public:
  UsersRpc(rpc::Guard& guard, TenantDatabase& database, Credentials& credentials,
           Passwords& passwords, const Clock& clock)
      : guard_(guard),
        database_(database),
        credentials_(credentials),
        passwords_(passwords),
        clock_(clock) {}

  grpc::Status ListUsers(grpc::ServerContext* ctx, const v1::ListUsersRequest* req,
                         v1::ListUsersResponse* out) override;
  grpc::Status CreateUser(grpc::ServerContext* ctx, const v1::CreateUserRequest* req,
                          v1::User* out) override;
  grpc::Status GetUser(grpc::ServerContext* ctx, const v1::GetUserRequest* req,
                       v1::User* out) override;
  grpc::Status UpdateUser(grpc::ServerContext* ctx, const v1::UpdateUserRequest* req,
                          v1::User* out) override;
  grpc::Status CreatePasswordLink(grpc::ServerContext* ctx,
                                  const v1::CreatePasswordLinkRequest* req,
                                  v1::PasswordLink* out) override;
  grpc::Status EndUserSignIns(grpc::ServerContext* ctx, const v1::EndUserSignInsRequest* req,
                              google::protobuf::Empty* out) override;
  grpc::Status DeleteUser(grpc::ServerContext* ctx, const v1::DeleteUserRequest* req,
                          google::protobuf::Empty* out) override;

 private:
  // `link` is what the answer shows besides, when there is no password.
  absl::Status Create(const Caller& caller, const v1::CreateUserRequest& req, v1::User* out,
                      std::optional<IssuedLink>& link);

  rpc::Guard& guard_;
  TenantDatabase& database_;
  Credentials& credentials_;
  Passwords& passwords_;
  const Clock& clock_;
};

}  // namespace cartwise::tenant
