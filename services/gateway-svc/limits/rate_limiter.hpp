#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <string>

#include <absl/status/status.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "cartwise/options/v1/policy.pb.h"
#include "limits/buckets.hpp"

namespace cartwise::gateway {

/// Requests per minute, which may also come at once; 0 is no limit.
struct RateFigures {
  int principal = 6'000;  ///< each signed-in caller
  int chain = 10'000;     ///< all staff and shoppers of a chain together
  int address = 600;      ///< anonymous calls of one client address
  int sign_in = 120;      ///< calls of class SIGN_IN of one client address, signed in or not
  size_t kept = 100'000;  ///< buckets remembered of each kind
};

/// How many requests a caller may make. By the policy's cost class:
///
///   READ, WRITE  the principal and its chain, or the address of nobody
///   SIGN_IN      the address and, where there is one, the principal
///   STREAM       the principal
///
/// An API key that was given a rate of its own draws on that for the principal's.
/// A device never draws on its chain: a branch full of shoppers must not cut the
/// line to its carts. A refused request draws on nothing. Thread-safe.
class RateLimiter {
 public:
  /// `clock` outlives it.
  RateLimiter(const RateFigures& figures, const Clock& clock);

  struct Verdict {
    /// OK, or RESOURCE_EXHAUSTED (RATE_LIMITED) with retry_after_seconds.
    absl::Status status;
    std::string refused_by;  ///< "chain"; empty when allowed
    /// Fields RateLimit-Policy and RateLimit; empty where nothing is limited.
    std::string policy;
    std::string limit;
  };

  /// Counts one request. `address` is the client's, IPv6 or not: those of one
  /// /64 are one client.
  Verdict Charge(const options::v1::Policy& policy, const Caller& caller,
                 const std::string& address);
  /// Counts an API key that nobody knows yet as a sign-in of its client.
  Verdict ChargeUnknownKey(const std::string& address);

 private:
  enum Kind { kPrincipal, kChain, kAddress, kSignIn, kKey, kKinds };
  using Keys = std::array<std::string, kKinds>;  ///< empty: does not draw on it
  Verdict Draw(const Keys& keys, int own_rate);

  const Clock& clock_;
  std::mutex mutex_;
  std::array<std::optional<Buckets>, kKinds> buckets_;
};

/// Count of refusals by `policy`, the bucket that refused.
inline constexpr char kRateLimitedMetric[] = "cartwise_gateway_rate_limited_total";

/// What addresses of one client have in common: an IPv4 address, mapped into
/// IPv6 or not, or the first 64 bits of an IPv6 one. Else the text itself, never empty.
std::string ClientOfAddress(const std::string& address);

}  // namespace cartwise::gateway
