#include "adapters/tenant_directory.hpp"

#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {

absl::StatusOr<EnrolledBranch> TenantDirectory::Redeem(const std::string& key,
                                                       const std::string& mac,
                                                       const Caller& caller) {
  tenant::v1::RedeemEnrollmentKeyRequest request;
  request.set_key(key);
  request.set_mac_address(mac);
  grpc::ClientContext context;
  rpc::Prepare(context, caller.deadline, caller.trace_id);
  tenant::v1::BranchEntry entry;
  const grpc::Status done = stub_->RedeemEnrollmentKey(&context, request, &entry);
  if (!done.ok()) return rpc::FromGrpc(done);
  return EnrolledBranch{BranchId(entry.branch_id()), ChainId(entry.chain_id()), entry.chain_slug(),
                        entry.branch_code(), entry.max_devices()};
}

}  // namespace cartwise::device
