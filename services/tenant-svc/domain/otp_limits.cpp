#include "domain/otp_limits.hpp"

#include <algorithm>

namespace cartwise::tenant {

absl::Duration OtpLimits::WaitAfter(int n) const {
  absl::Duration wait = resend_wait;
  for (int i = 1; i < n && wait < longest_resend_wait; ++i) wait *= 2;
  return std::min(wait, longest_resend_wait);
}

}  // namespace cartwise::tenant
