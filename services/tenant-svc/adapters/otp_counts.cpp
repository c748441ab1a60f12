#include "adapters/otp_counts.hpp"

#include "cartwise/obs/log.hpp"

namespace cartwise::tenant {

OtpCounts::OtpCounts(obs::Metrics& metrics) : metrics_(metrics) {
  metrics_.Describe("cartwise_tenant_otp_sends_total", "One-time codes sent, by result.");
  metrics_.Describe("cartwise_tenant_otp_refusals_total",
                    "Codes neither sent nor accepted, by the limit or rule that refused.");
  metrics_.Describe("cartwise_tenant_otp_verified_total", "One-time codes accepted.");
}

void OtpCounts::Sent(const absl::Status& result) {
  metrics_.Count("cartwise_tenant_otp_sends_total", {{"result", result.ok() ? "sent" : "failed"}});
  if (!result.ok()) obs::Warning("code not sent", {{"error", std::string(result.message())}});
}

void OtpCounts::Refused(std::string_view kind) {
  metrics_.Count("cartwise_tenant_otp_refusals_total", {{"kind", kind}});
  if (kind == "prefix_stopped" || kind == "chain_day" || kind == "day") {
    obs::Warning("codes refused", {{"limit", kind}});
  }
}

void OtpCounts::Verified() {
  metrics_.Count("cartwise_tenant_otp_verified_total");
}

}  // namespace cartwise::tenant
