#pragma once

#include <memory>
#include <random>
#include <string>

#include <absl/status/statusor.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "linux/identity.hpp"

namespace cartwise::edge {

inline constexpr char kFirmwareVersion[] = "0.1.0";

/// What the agent says of itself when it enrolls.
struct Enrollment {
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
  absl::StatusOr<Identity> Register(const Enrollment& enrollment) const;
  /// A new token for this device.
  absl::StatusOr<std::string> RotateToken(const Identity& identity) const;

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
};

/// Adds the bearer to a call.
void Authorize(grpc::ClientContext& context, const std::string& token);

/// True for an answer that asking again will not change: only a person can.
bool IsRefusal(const absl::Status& status);

/// How long to wait between attempts. Random over the whole range, so that a
/// fleet does not come back in step. Not thread-safe.
class Backoff {
 public:
  static constexpr absl::Duration kShortest = absl::Milliseconds(100);
  static constexpr absl::Duration kLongest = absl::Seconds(5), kLongestRefused = absl::Minutes(1);

  /// The range doubles each time, up to kLongest.
  absl::Duration Next();
  /// After one refusal seconds, since it may have come in the middle of a restart; the range
  /// doubles with each further one, up to a minute.
  absl::Duration AfterRefusal();
  void Reset() { most_ = kFirst, most_refused_ = kFirstRefused; }

 private:
  static constexpr absl::Duration kFirst = absl::Milliseconds(200);
  static constexpr absl::Duration kFirstRefused = absl::Seconds(4);

  absl::Duration Between(absl::Duration least, absl::Duration most);

  absl::Duration most_ = kFirst, most_refused_ = kFirstRefused;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace cartwise::edge
