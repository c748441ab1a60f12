#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "cartwise/options/v1/policy.pb.h"
#include "limits/buckets.hpp"
#include "limits/shared_limits.hpp"

namespace cartwise::gateway {

/// Requests per minute, which may also come at once; 0 is no limit.
struct RateFigures {
  int principal = 6'000;  ///< each signed-in caller but shoppers
  int shopper = 60;       ///< each shopper: one must not use up what a small plan gives its chain
  /// All staff, shoppers and keys of a chain together; nullopt: what its plan allows.
  std::optional<int> chain;
  int address = 600;      ///< of one client address: anonymous calls, credentials that do not hold
  int sign_in = 120;      ///< calls of class SIGN_IN of one client address, signed in or not
  size_t kept = 100'000;  ///< buckets remembered of each kind
  bool shared = false;    ///< with other gateways, see RateLimiter::Share
};

/// How many requests a caller may make. By the policy's cost class:
///
///   READ, WRITE  the principal and its chain, or the address of nobody
///   SIGN_IN      the address and, where there is one, the principal
///   STREAM       the principal
///
/// Whoever brings a credential that does not hold is nobody. Whoever brings a good one never
/// draws on the address for a READ or WRITE: many may share it with somebody who tries tokens.
/// An API key that was given a rate of its own draws on that for the principal's.
/// A device never draws on its chain: a branch full of shoppers must not cut the
/// line to its carts. A refused request draws on nothing. Thread-safe.
class RateLimiter {
 public:
  /// What a chain's plan allows per minute.
  using PlanRate = std::function<int(const std::string& chain)>;

  /// `clock` outlives it.
  RateLimiter(const RateFigures& figures, const Clock& clock, PlanRate plan_rate);

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
  /// Counts a credential that does not hold, or none where one is due.
  Verdict ChargeUnproven(const std::string& address);
  /// Counts an API key that nobody knows yet as a sign-in of its client.
  Verdict ChargeUnknownKey(const std::string& address);

  /// Tells the other gateways what was drawn here since the last time, and counts
  /// what they drew. Between two times each of them may give out what is left of a
  /// bucket; what is overdrawn so is waited for. A failure is made up for by the
  /// next call. By one thread at a time.
  absl::Status Share(SharedLimits& others);

 private:
  enum Kind { kPrincipal, kShopper, kChain, kAddress, kSignIn, kKey, kKinds };
  using Keys = std::array<std::string, kKinds>;  ///< empty: does not draw on it
  Verdict Draw(const Keys& keys, int own_rate);
  int RateOf(size_t kind, const Keys& keys, int own_rate) const;

  struct Untold {
    size_t kind;
    std::string key;
    int per_minute;
    int count;
  };
  using UntoldOf = absl::flat_hash_map<std::string, Untold>;  ///< by kind and key
  void KeepForOthers(const Untold& drawn);

  const Clock& clock_;
  const std::optional<int> chain_rate_;
  const PlanRate plan_rate_;
  const bool shared_;
  const size_t kept_;
  std::mutex mutex_;
  UntoldOf untold_;
  std::array<std::optional<Buckets>, kKinds> buckets_;
};

/// Count of refusals by `policy`, the bucket that refused.
inline constexpr char kRateLimitedMetric[] = "cartwise_gateway_rate_limited_total";

/// What addresses of one client have in common: an IPv4 address, mapped into
/// IPv6 or not, or the first 64 bits of an IPv6 one. Else the text itself, never empty.
std::string ClientOfAddress(const std::string& address);

}  // namespace cartwise::gateway
