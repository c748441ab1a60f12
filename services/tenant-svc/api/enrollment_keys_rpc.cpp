#include "api/enrollment_keys_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/status_macros.hpp"
#include "domain/enrollment.hpp"

namespace cartwise::tenant {
namespace {

v1::EnrollmentKey ToProto(const EnrollmentKey& key) {
  v1::EnrollmentKey out;
  out.set_id(key.id.value());
  out.set_branch_id(key.branch.value());
  out.set_max_uses(key.max_uses);
  out.set_used(key.used);
  *out.mutable_expires_at() = ToTimestamp(key.expires_at);
  if (key.revoked_at) *out.mutable_revoked_at() = ToTimestamp(*key.revoked_at);
  *out.mutable_created_at() = ToTimestamp(key.created_at);
  return out;
}

absl::StatusOr<NewEnrollmentKey> FromProto(const v1::CreateEnrollmentKeyRequest& req) {
  NewEnrollmentKey want;
  CW_ASSIGN_OR_RETURN(want.branch, ParseId<BranchId>("branch_id", req.branch_id()));
  if (req.max_uses() != 0) want.max_uses = req.max_uses();
  if (req.has_ttl()) {
    CW_ASSIGN_OR_RETURN(want.life, ParseDuration("ttl", req.ttl()));
  }
  return want;
}

}  // namespace

grpc::Status EnrollmentKeysRpc::ListEnrollmentKeys(grpc::ServerContext* ctx,
                                                   const v1::ListEnrollmentKeysRequest* req,
                                                   v1::ListEnrollmentKeysResponse* out) {
  return guard_.Read(ctx, *req, database_, [&](Store& store, const Caller& caller) -> absl::Status {
    CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 1));
    CW_ASSIGN_OR_RETURN(const auto branch, ParseId<BranchId>("branch_id", req->branch_id()));
    CW_ASSIGN_OR_RETURN(auto list, tenant::ListEnrollmentKeys(store, caller, branch, page));
    for (const EnrollmentKey& key : list.items) *out->add_enrollment_keys() = ToProto(key);
    out->set_next_page_token(list.next_page_token);
    return absl::OkStatus();
  });
}

grpc::Status EnrollmentKeysRpc::CreateEnrollmentKey(grpc::ServerContext* ctx,
                                                    const v1::CreateEnrollmentKeyRequest* req,
                                                    v1::EnrollmentKey* out) {
  std::string secret;
  const grpc::Status status = guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const NewEnrollmentKey want, FromProto(*req));
        CW_ASSIGN_OR_RETURN(
            const IssuedKey issued,
            tenant::CreateEnrollmentKey(store, caller, credentials_, want, clock_.Now()));
        *out = ToProto(issued.key);
        secret = issued.secret;
        return absl::OkStatus();
      });
  // Only now: the answer that an Idempotency-Key keeps must not hold the secret.
  if (status.ok()) out->set_key(secret);
  return status;
}

grpc::Status EnrollmentKeysRpc::RevokeEnrollmentKey(grpc::ServerContext* ctx,
                                                    const v1::RevokeEnrollmentKeyRequest* req,
                                                    google::protobuf::Empty* out) {
  return guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto branch, ParseId<BranchId>("branch_id", req->branch_id()));
        CW_ASSIGN_OR_RETURN(const auto id, ParseId<EnrollmentKeyId>("id", req->id()));
        return tenant::RevokeEnrollmentKey(store, caller, branch, id, clock_.Now());
      });
}

}  // namespace cartwise::tenant
