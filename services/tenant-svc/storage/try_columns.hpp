#pragma once

#include <string>
#include <vector>

#include <absl/time/time.h>

/// How tries are counted in a row with the columns of tenant.otp_people. $3: now;
/// $4: tries of a round; $5: seconds of block after the first, second ... round.
/// A day of quiet forgets tries, a week forgets rounds.
#define TRY_NUMBER \
  "(CASE WHEN tried_at <= $3::timestamptz - interval '24 hours' THEN 0 ELSE tries END + 1)"
#define ROUND_NUMBER \
  "(CASE WHEN tried_at <= $3::timestamptz - interval '7 days' THEN 0 ELSE rounds END + 1)"
#define COUNT_TRY                                                                               \
  "tries = CASE WHEN " TRY_NUMBER " >= $4::int THEN 0 ELSE " TRY_NUMBER                         \
  " END, rounds = CASE WHEN " TRY_NUMBER " >= $4::int THEN " ROUND_NUMBER " ELSE " ROUND_NUMBER \
  " - 1 END, blocked_until = CASE WHEN " TRY_NUMBER                                             \
  " >= $4::int THEN $3::timestamptz + make_interval(secs => ($5::text[])[least(" ROUND_NUMBER   \
  ", cardinality($5::text[]))]::int) END, tried_before = tried_at, "                            \
  "tried_at = $3"

namespace cartwise::tenant {

/// $5 of COUNT_TRY.
inline std::vector<std::string> WaitColumn(const std::vector<absl::Duration>& waits) {
  std::vector<std::string> seconds;
  for (const auto wait : waits) seconds.push_back(std::to_string(absl::ToInt64Seconds(wait)));
  return seconds;
}

}  // namespace cartwise::tenant
