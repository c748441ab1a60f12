#include "linux/cloud.hpp"

#include <algorithm>
#include <random>

#include <absl/time/clock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "cartwise/device/v1/devices.grpc.pb.h"
#include "cartwise/rpc/status.hpp"

namespace cartwise::edge {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(15);

}  // namespace

Cloud::Cloud(const std::string& gateway, const std::string& ca_pem) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  channel_ = grpc::CreateCustomChannel(gateway, grpc::SslCredentials(tls), arguments);
}

absl::StatusOr<Identity> Cloud::Register(const Enrolment& enrolment) const {
  device::v1::RegisterDeviceRequest request;
  request.set_enrollment_key(enrolment.key);
  request.set_mac_address(enrolment.mac_address);
  request.set_device_name(enrolment.device_name);
  request.set_serial_number(enrolment.serial_number);
  request.set_firmware_version(kFirmwareVersion);
  request.set_transport(device::v1::Device::STREAM);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTime));
  device::v1::RegisterDeviceResponse answer;
  const grpc::Status done =
      device::v1::DeviceService::NewStub(channel_)->RegisterDevice(&context, request, &answer);
  if (!done.ok()) return rpc::FromGrpc(done);
  Identity identity;
  identity.device = DeviceId(answer.device_id());
  identity.chain = ChainId(answer.chain_id());
  identity.branch = BranchId(answer.branch_id());
  identity.device_token = answer.device_token();
  for (const auto& [id, pem] : answer.order_keys()) identity.order_keys[id] = pem;
  return identity;
}

absl::StatusOr<std::string> Cloud::RotateToken(const Identity& identity) const {
  device::v1::RotateDeviceTokenRequest request;
  request.set_id(identity.device.value());
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTime));
  Authorize(context, identity.device_token);
  device::v1::RotateDeviceTokenResponse answer;
  const grpc::Status done =
      device::v1::DeviceService::NewStub(channel_)->RotateDeviceToken(&context, request, &answer);
  if (!done.ok()) return rpc::FromGrpc(done);
  return answer.device_token();
}

void Authorize(grpc::ClientContext& context, const std::string& token) {
  context.AddMetadata("authorization", "Bearer " + token);
}

absl::Duration Backoff::Next() {
  static thread_local std::mt19937 random{std::random_device{}()};
  const int64_t most = absl::ToInt64Milliseconds(most_);
  most_ = std::min(most_ * 2, absl::Seconds(5));
  return absl::Milliseconds(
      std::uniform_int_distribution<int64_t>(100, std::max<int64_t>(most, 101))(random));
}

}  // namespace cartwise::edge
