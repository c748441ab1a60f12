#include "adapters.hpp"

#include "cartwise/auth/secrets.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {

IssuedToken SignedTokens::Issue(const DeviceKey& device) {
  Caller caller;
  caller.principal = Principal::kDevice;
  caller.subject = device.device.value();
  caller.chain = device.chain;
  IssuedToken issued;
  issued.token = auth::IssueToken(key_, caller, clock_.Now(), kTokenLife);
  issued.hash = auth::Sha256Hex(issued.token);
  return issued;
}

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
                        entry.branch_code()};
}

}  // namespace cartwise::device
