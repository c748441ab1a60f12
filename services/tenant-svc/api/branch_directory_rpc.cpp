#include "api/branch_directory_rpc.hpp"

#include "cartwise/base/status_macros.hpp"
#include "domain/enrollment.hpp"

namespace cartwise::tenant {
namespace {

v1::BranchEntry ToProto(const BranchEntry& entry) {
  v1::BranchEntry out;
  out.set_branch_id(entry.branch.value());
  out.set_chain_id(entry.chain.value());
  out.set_chain_slug(entry.chain_slug);
  out.set_branch_code(entry.branch_code);
  out.set_active(entry.active);
  out.set_max_devices(entry.max_devices);
  return out;
}

}  // namespace

grpc::Status BranchDirectoryRpc::RedeemEnrollmentKey(grpc::ServerContext* ctx,
                                                     const v1::RedeemEnrollmentKeyRequest* req,
                                                     v1::BranchEntry* out) {
  return guard_.Write(
      ctx, *req, *out, database_, [&](Store& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const BranchEntry entry,
                            tenant::RedeemEnrollmentKey(store, caller, credentials_, req->key(),
                                                        req->mac_address(), clock_.Now()));
        *out = ToProto(entry);
        return absl::OkStatus();
      });
}

}  // namespace cartwise::tenant
