#include "adapters.hpp"

#include "cartwise/auth/secrets.hpp"
#include "cartwise/obs/log.hpp"
#include "cartwise/rpc/server.hpp"
#include "cartwise/rpc/status.hpp"

namespace cartwise::device {

IssuedToken SignedTokens::Issue(const DeviceKey& device) {
  Caller caller;
  caller.principal = Principal::kDevice;
  caller.subject = device.device.value();
  caller.chain = device.chain;
  IssuedToken issued;
  issued.token = auth::IssueToken(keys_().Newest(), caller, clock_.Now(), kTokenLife);
  issued.hash = auth::Sha256Hex(issued.token);
  return issued;
}

ObsWatch::ObsWatch(obs::Metrics& metrics) : metrics_(metrics) {
  metrics.Describe("cartwise_agents_connected", "Agents whose control stream this process holds.");
  metrics.Describe("cartwise_device_commands_total", "Results of commands, as agents told them.");
  metrics.Describe("cartwise_device_worries_total", "What somebody should look at; see the log.");
}

void ObsWatch::Note(std::string_view what, const DeviceId& device, std::string_view detail) {
  obs::Info(what, {{"device_id", device.value()}, {"detail", detail}});
}

void ObsWatch::Worry(std::string_view what, const DeviceId& device, std::string_view detail) {
  metrics_.Count("cartwise_device_worries_total", {{"what", what}});
  obs::Warning(what, {{"device_id", device.value()}, {"detail", detail}});
}

void ObsWatch::Connected(int agents) {
  metrics_.Gauge("cartwise_agents_connected", {}, agents);
}

void ObsWatch::Ended(CommandState state) {
  metrics_.Count("cartwise_device_commands_total", {{"result", NameOf(state)}});
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
                        entry.branch_code(), entry.max_devices()};
}

}  // namespace cartwise::device
