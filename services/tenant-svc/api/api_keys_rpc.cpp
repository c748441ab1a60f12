#include "api/api_keys_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/api_keys.hpp"

namespace cartwise::tenant {
namespace {

v1::ApiKey ToProto(const ApiKey& key) {
  v1::ApiKey out;
  out.set_id(key.id.value());
  out.set_chain_id(key.chain.value());
  out.set_name(key.name);
  out.set_last_characters(key.last_characters);
  out.set_role(std::string(RoleName(key.role)));
  for (const BranchId& branch : key.branches) out.add_branch_ids(branch.value());
  for (const std::string& scope : key.scopes) out.add_scopes(scope);
  out.set_requests_per_minute(key.requests_per_minute);
  out.set_created_by(key.created_by.value());
  *out.mutable_created_at() = ToTimestamp(key.created_at);
  *out.mutable_expires_at() = ToTimestamp(key.expires_at);
  if (key.revoked_at) *out.mutable_revoked_at() = ToTimestamp(*key.revoked_at);
  if (key.last_used_at) *out.mutable_last_used_at() = ToTimestamp(*key.last_used_at);
  return out;
}

absl::StatusOr<ApiKey> FromProto(const v1::CreateApiKeyRequest& req) {
  ApiKey want;
  want.name = req.name();
  want.role = RoleFromName(req.role());
  for (const std::string& text : req.branch_ids()) {
    CW_ASSIGN_OR_RETURN(auto branch, ParseId<BranchId>("branch_ids", text));
    want.branches.push_back(std::move(branch));
  }
  want.scopes = {req.scopes().begin(), req.scopes().end()};
  want.requests_per_minute = req.requests_per_minute();
  // An absent time is 1970, which is refused.
  want.expires_at = rpc::FromTimestamp(req.expires_at());
  return want;
}

}  // namespace

grpc::Status ApiKeysRpc::ListApiKeys(grpc::ServerContext* ctx, const v1::ListApiKeysRequest* req,
                                     v1::ListApiKeysResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 1));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListApiKeys(store, caller, page));
    for (const ApiKey& key : list.items) *out->add_api_keys() = ToProto(key);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status ApiKeysRpc::CreateApiKey(grpc::ServerContext* ctx, const v1::CreateApiKeyRequest* req,
                                      v1::ApiKey* out) {
  std::string secret;
  const grpc::Status status = guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(ApiKey want, FromProto(*req));
        CW_ASSIGN_OR_RETURN(IssuedApiKey issued,
                            tenant::CreateApiKey(store, caller, credentials_, scopes_(),
                                                 std::move(want), clock_.Now()));
        *out = ToProto(issued.key);
        secret = std::move(issued.secret);
        return absl::OkStatus();
      });
  // Only now: the answer that an Idempotency-Key keeps must not hold the secret.
  if (status.ok()) out->set_key(secret);
  return status;
}

grpc::Status ApiKeysRpc::GetApiKey(grpc::ServerContext* ctx, const v1::GetApiKeyRequest* req,
                                   v1::ApiKey* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto id, ParseId<ApiKeyId>("id", req->id()));
    CW_ASSIGN_OR_RETURN(const ApiKey key, tenant::GetApiKey(store, caller, id));
    *out = ToProto(key);
    return absl::OkStatus();
  });
}

grpc::Status ApiKeysRpc::RevokeApiKey(grpc::ServerContext* ctx, const v1::RevokeApiKeyRequest* req,
                                      google::protobuf::Empty* out) {
  return guard_.Write(ctx, *req, *out, database_,
                      [&](Store& store, const Caller& caller) -> absl::Status {
                        CW_ASSIGN_OR_RETURN(const auto id, ParseId<ApiKeyId>("id", req->id()));
                        return tenant::RevokeApiKey(store, caller, id, clock_.Now());
                      });
}

grpc::Status ApiKeyExchangeRpc::ExchangeApiKey(grpc::ServerContext* ctx,
                                               const v1::ExchangeApiKeyRequest* req,
                                               v1::ExchangeApiKeyResponse* out) {
  return guard_.Write(ctx, *req, *out, database_, [&](Store& store, const Caller&) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const ApiKeyToken token,
                        tenant::ExchangeApiKey(store, credentials_, req->key(), clock_.Now()));
    out->set_access_token(token.token);
    *out->mutable_expires_at() = ToTimestamp(token.expires_at);
    return absl::OkStatus();
  });
}

}  // namespace cartwise::tenant
