#pragma once

#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "linux/identity.hpp"

namespace cartwise::edge {

inline constexpr char kFirmwareVersion[] = "0.1.0";

/// What the agent says of itself when it enrols.
struct Enrolment {
  std::string key;
  std::string mac_address;
  std::string device_name;
  std::string serial_number;
};

/// The gateway, over one TLS connection for calls and both streams. Thread-safe.
class Cloud {
 public:
  /// `gateway` is host:port; `ca_pem` the authority that must have signed it.
  Cloud(const std::string& gateway, const std::string& ca_pem);

  /// Errors as DeviceService.RegisterDevice says.
  absl::StatusOr<Identity> Register(const Enrolment& enrolment) const;
  /// A new token for this device.
  absl::StatusOr<std::string> RotateToken(const Identity& identity) const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

/// Adds the bearer to a call.
void Authorize(grpc::ClientContext& context, const std::string& token);

/// Between attempts: full jitter (0.1 s .. 5 s), doubling, so that a fleet does
/// not come back in step.
class Backoff {
 public:
  absl::Duration Next();
  void Reset() { most_ = kFirst; }

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(200);
  absl::Duration most_ = kFirst;
};

}  // namespace cartwise::edge
