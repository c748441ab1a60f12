#include "linux/cloud.hpp"

#include <algorithm>

#include <absl/time/clock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "cartwise/device/v1/devices.grpc.pb.h"

namespace cartwise::edge {
namespace {

constexpr absl::Duration kCallTime = absl::Seconds(15);

/// Codes have the same numbers; the text is the gateway's and for people.
absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

Cloud::Cloud(const std::string& gateway, const std::string& ca_pem) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // It would go out before the order that it came with is looked at.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  // Who waits how long is decided by Backoff; the channel only must not add to it.
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000);  // how long a connect may take
  channel_ = grpc::CreateCustomChannel(gateway, grpc::SslCredentials(tls), arguments);
}

absl::StatusOr<Identity> Cloud::Register(const Enrollment& enrollment) const {
  device::v1::RegisterDeviceRequest request;
  request.set_enrollment_key(enrollment.key);
  request.set_mac_address(enrollment.mac_address);
  request.set_device_name(enrollment.device_name);
  request.set_serial_number(enrollment.serial_number);
  request.set_firmware_version(kFirmwareVersion);
  request.set_transport(device::v1::Device::STREAM);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + kCallTime));
  device::v1::RegisterDeviceResponse answer;
  const grpc::Status done =
      device::v1::DeviceService::NewStub(channel_)->RegisterDevice(&context, request, &answer);
  if (!done.ok()) return FromGrpc(done);
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
  if (!done.ok()) return FromGrpc(done);
  return answer.device_token();
}

void Authorize(grpc::ClientContext& context, const std::string& token) {
  context.AddMetadata("authorization", "Bearer " + token);
}

bool IsRefusal(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

absl::Duration Backoff::Next() {
  const absl::Duration most = most_;
  most_ = std::min(most_ * 2, kLongest);
  return Between(kShortest, most);
}

absl::Duration Backoff::AfterRefusal() {
  const absl::Duration most = most_refused_;
  most_refused_ = std::min(most_refused_ * 2, kLongestRefused);
  return Between(most / 2, most);
}

absl::Duration Backoff::Between(absl::Duration least, absl::Duration most) {
  return least + (most - least) * std::uniform_real_distribution<double>(0, 1)(random_);
}

}  // namespace cartwise::edge
