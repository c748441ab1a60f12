#pragma once

#include <vector>

#include <absl/time/time.h>

namespace cartwise::tenant {

/// How many codes are sent and how many guesses are heard. The defaults are
/// those of the documentation; config.cpp reads each from the environment.
struct OtpLimits {
  absl::Duration code_life = absl::Minutes(5);

  // Sends. A wait after each, doubled by every further send within an hour.
  absl::Duration resend_wait = absl::Seconds(60);
  absl::Duration longest_resend_wait = absl::Minutes(32);
  int per_phone_quarter_hour = 3;
  int per_phone_day = 10;
  int per_address_hour = 20;
  int per_prefix_hour = 50;  ///< of numbers that differ in the last four digits only
  int per_branch_hour = 200;
  int per_chain_day = 2'000;  ///< the most that a chain can be made to pay for
  int per_day = 20'000;       ///< the same for all chains together

  // A prefix to which many codes go that nobody types in is being pumped.
  int watched_sends = 20;  ///< within an hour, before a prefix is judged
  int least_verified_percent = 10;
  absl::Duration prefix_stop = absl::Hours(1);

  // Guesses: so many per phone and chain, then the next of these waits. A good
  // code takes back its own try only; a day of quiet takes back the others.
  int tries = 5;
  std::vector<absl::Duration> try_waits = {absl::Hours(1), absl::Hours(6), absl::Hours(24)};

  /// How long to wait after the `n`th send (from 1) within an hour.
  absl::Duration WaitAfter(int n) const;
};

}  // namespace cartwise::tenant
