#include "domain/otp_limits.hpp"

#include <algorithm>

namespace cartwise::tenant {

absl::Duration OtpLimits::WaitAfter(int n) const {
  absl::Duration wait = resend_wait;
  for (int i = 1; i < n && wait < longest_resend_wait; ++i) wait *= 2;
  return std::min(wait, longest_resend_wait);
}

int OtpLimits::MostGuesses(absl::Duration span) const {
  // The first rounds come closest together, so the span that starts with the
  // first guess holds the most.
  int guesses = 0;
  size_t round = 0;
  for (absl::Duration at = absl::ZeroDuration(); at < span; ++round) {
    guesses += tries;
    at += try_waits[std::min(round, try_waits.size() - 1)];
  }
  return guesses;
}

}  // namespace cartwise::tenant
