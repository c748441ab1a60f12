#include "limits/rate_limiter.hpp"

#include <algorithm>

#include <absl/strings/str_cat.h>
#include <boost/asio/ip/address.hpp>

#include "cartwise/base/errors.hpp"

namespace cartwise::gateway {
namespace {

using options::v1::Policy;

constexpr std::array<const char*, 6> kNames = {"principal", "shopper", "chain",
                                               "address",   "sign-in", "key"};

int64_t WholeSeconds(absl::Duration duration) {
  return absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1)));
}

absl::Status Refusal(absl::Duration wait) {
  // A zero would say "now".
  const std::string seconds = absl::StrCat(std::max<int64_t>(1, WholeSeconds(wait)));
  return errors::WithDetail(
      errors::Refuse(absl::StatusCode::kResourceExhausted, "RATE_LIMITED",
                     absl::StrCat("too many requests; try again in ", seconds, " s")),
      "retry_after_seconds", seconds);
}

}  // namespace

RateLimiter::RateLimiter(const RateFigures& figures, const Clock& clock, PlanRate plan_rate)
    : clock_(clock),
      chain_rate_(figures.chain),
      plan_rate_(std::move(plan_rate)),
      shared_(figures.shared),
      kept_(figures.kept) {
  // Chains and keys name their own.
  const std::array<int, kKinds> per_minute = {figures.principal,         figures.shopper,
                                              figures.chain.value_or(1), figures.address,
                                              figures.sign_in,           1};
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (per_minute[kind] > 0) buckets_[kind].emplace(per_minute[kind], figures.kept);
  }
}

RateLimiter::Verdict RateLimiter::Charge(const Policy& policy, const Caller& caller,
                                         const std::string& address) {
  const bool anonymous = caller.principal == Principal::kAnonymous;
  const bool sign_in = policy.rate() == Policy::SIGN_IN;
  Keys keys;
  if (sign_in) {
    keys[kSignIn] = ClientOfAddress(address);
  } else if (anonymous) {
    keys[kAddress] = ClientOfAddress(address);
  }
  if (!anonymous) {
    const bool own_rate = caller.requests_per_minute > 0;
    const Kind kind = caller.principal == Principal::kShopper ? kShopper : kPrincipal;
    keys[own_rate ? kKey : kind] =
        absl::StrCat(static_cast<int>(caller.principal), ":", caller.subject);
  }
  const bool of_chain = caller.principal != Principal::kDevice && !caller.chain.value().empty();
  if (of_chain && !sign_in && policy.rate() != Policy::STREAM) keys[kChain] = caller.chain.value();
  return Draw(keys, caller.requests_per_minute);
}

RateLimiter::Verdict RateLimiter::ChargeUnproven(const std::string& address) {
  Keys keys;
  keys[kAddress] = ClientOfAddress(address);
  return Draw(keys, 0);
}

RateLimiter::Verdict RateLimiter::ChargeUnknownKey(const std::string& address) {
  Keys keys;
  keys[kSignIn] = ClientOfAddress(address);
  return Draw(keys, 0);
}

int RateLimiter::RateOf(size_t kind, const Keys& keys, int own_rate) const {
  if (kind == kKey) return own_rate;
  if (kind == kChain && !chain_rate_) return plan_rate_(keys[kChain]);
  return buckets_[kind]->per_minute();
}

RateLimiter::Verdict RateLimiter::Draw(const Keys& keys, int own_rate) {
  const auto rate_of = [&](size_t kind) { return RateOf(kind, keys, own_rate); };
  Verdict verdict;
  const absl::Duration now = clock_.SinceBoot();
  std::lock_guard lock(mutex_);
  absl::Duration wait;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (keys[kind].empty() || !buckets_[kind]) continue;
    const Buckets::Level level = buckets_[kind]->Look(keys[kind], now, rate_of(kind));
    if (level.allowed || level.wait <= wait) continue;
    wait = level.wait;
    verdict.refused_by = kNames[kind];
  }
  const bool allowed = verdict.refused_by.empty();
  if (!allowed) verdict.status = Refusal(wait);
  for (size_t kind = 0; kind < kKinds; ++kind) {
    if (keys[kind].empty() || !buckets_[kind]) continue;
    Buckets& buckets = *buckets_[kind];
    const Buckets::Level level = allowed ? buckets.Take(keys[kind], now, rate_of(kind))
                                         : buckets.Look(keys[kind], now, rate_of(kind));
    if (allowed && shared_) KeepForOthers({kind, keys[kind], rate_of(kind), 1});
    const char* comma = verdict.policy.empty() ? "" : ", ";
    absl::StrAppend(&verdict.policy, comma, "\"", kNames[kind], "\";q=", rate_of(kind), ";w=60");
    absl::StrAppend(&verdict.limit, comma, "\"", kNames[kind], "\";r=", level.remaining,
                    ";t=", WholeSeconds(level.reset));
  }
  return verdict;
}

void RateLimiter::KeepForOthers(const Untold& drawn) {
  const std::string bucket = absl::StrCat(kNames[drawn.kind], ":", drawn.key);
  const auto found = untold_.find(bucket);
  if (found != untold_.end()) {
    found->second.count += drawn.count;
  } else if (untold_.size() < kept_) {
    untold_.emplace(bucket, drawn);
  }
}

absl::Status RateLimiter::Share(SharedLimits& others) {
  std::vector<Untold> told;
  std::vector<Drawn> drawn;
  {
    std::lock_guard lock(mutex_);
    for (auto& [bucket, each] : untold_) {
      drawn.push_back({bucket, each.count, absl::Minutes(1) / each.per_minute});
      told.push_back(std::move(each));
    }
    untold_.clear();
  }
  if (drawn.empty()) return absl::OkStatus();
  const auto left = others.Exchange(drawn);
  const absl::Duration now = clock_.SinceBoot();
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < told.size(); ++i) {
    if (left.ok()) {
      buckets_[told[i].kind]->Meet(told[i].key, now + left->at(i), now);
    } else {
      KeepForOthers(told[i]);
    }
  }
  return left.status();
}

std::string ClientOfAddress(const std::string& address) {
  namespace ip = boost::asio::ip;
  boost::system::error_code bad;
  const ip::address parsed = ip::make_address(address, bad);
  if (bad) return address.empty() ? "unknown" : address;
  if (parsed.is_v4()) return address;
  const ip::address_v6 v6 = parsed.to_v6();
  if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
  ip::address_v6::bytes_type bytes = v6.to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string();
}

}  // namespace cartwise::gateway
