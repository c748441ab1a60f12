#pragma once

#include "cartwise/obs/metrics.hpp"
#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

/// Counts one-time codes for /metrics, and logs messages that were not sent.
/// Names no phone. Thread-safe.
class OtpCounts final : public OtpWatch {
 public:
  explicit OtpCounts(obs::Metrics& metrics);

  void Sent(const absl::Status& result) override;
  void Refused(std::string_view kind) override;
  void Verified() override;

 private:
  obs::Metrics& metrics_;
};

}  // namespace cartwise::tenant
