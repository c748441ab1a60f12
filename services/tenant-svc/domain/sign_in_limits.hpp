#pragma once

#include <vector>

#include <absl/time/time.h>

#include "domain/keyed_hashes.hpp"

namespace cartwise::tenant {

/// So many failed sign-ins, then the next of these waits. Rounds and quiet as
/// with OtpLimits::tries.
struct SignInTries {
  int tries = 0;
  std::vector<absl::Duration> waits = {absl::Minutes(1), absl::Minutes(5), absl::Minutes(15)};
};

/// How failed sign-ins are slowed. Never by e-mail alone: whoever knows an e-mail
/// could keep its owner out.
struct SignInLimits {
  SignInTries per_pair{10};      ///< of an e-mail from one network
  SignInTries per_address{100};  ///< from one network
  /// Of a second factor's codes, by one user who has proven the password: 20 on the
  /// first day and 5 on each other, with three chances in a million each.
  SignInTries per_code{5, {absl::Minutes(15), absl::Hours(1), absl::Hours(24)}};
  /// A sign-in ends so long after it began, however often it was refreshed.
  absl::Duration longest = absl::Hours(30 * 24);
  /// A network from which a user signed in so lately always hears them.
  absl::Duration place_life = absl::Hours(90 * 24);
};

/// Where a sign-in comes from, as keyed hashes.
struct SignInOrigin {
  KeyedHashes pair;  ///< e-mail and network
  KeyedHashes address;
};

}  // namespace cartwise::tenant
