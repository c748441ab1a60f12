#pragma once

#include <string>

#include "domain/otp_ports.hpp"

namespace cartwise::tenant {

struct InforuAccount {
  std::string url;  ///< of SendSms, JSON API version 2
  std::string user;
  std::string token;
  std::string sender;  ///< approved by Inforu for this account
  absl::Duration connect_timeout = absl::Seconds(2);
  absl::Duration timeout = absl::Seconds(4);  ///< of one try; there are at most two
};

/// What may be done about an answer.
enum class InforuClass {
  kSent,
  kRetry,  ///< once, under the same reference
  kQuota,  ///< the account is used up: somebody has to be told
  kFinal,
};

/// Sorts a StatusId of their table; unknown ones are final.
InforuClass ClassOf(int status_id);

/// Sends through Inforu (JSON over HTTPS, HTTP Basic). What comes back is
/// bounded to 64 KiB and in time and counts only as the JSON that is promised:
/// a page of HTML, a redirect or silence is a failure. Thread-safe.
class InforuSms final : public Sms {
 public:
  explicit InforuSms(InforuAccount account) : account_(std::move(account)) {}

  absl::Status Send(const CodeMessage& message, absl::Time deadline) override;

 private:
  struct Outcome {
    InforuClass what = InforuClass::kFinal;
    std::string why;
  };
  Outcome Try(const CodeMessage& message, absl::Time deadline) const;

  const InforuAccount account_;
};

}  // namespace cartwise::tenant
