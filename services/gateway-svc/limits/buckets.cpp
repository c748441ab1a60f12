#include "limits/buckets.hpp"

#include <algorithm>

namespace cartwise::gateway {
namespace {

constexpr absl::Duration kWindow = absl::Minutes(1);

}  // namespace

Buckets::Buckets(int per_minute, size_t kept) : per_minute_(per_minute), kept_(kept) {}

absl::Duration Buckets::FullAt(const std::string& key, absl::Duration now) const {
  const auto found = full_at_.find(key);
  return found == full_at_.end() ? now : std::max(now, found->second->first);
}

Buckets::Level Buckets::LevelAt(absl::Duration full_at, absl::Duration now, int per_minute) {
  Level level;
  const absl::Duration refill = kWindow / per_minute;
  level.reset = full_at - now;
  // Counted from what is missing: a window is not a whole number of refills to the last tick.
  absl::Duration part;
  int64_t missing = absl::IDivDuration(level.reset, refill, &part);
  if (part > absl::ZeroDuration()) ++missing;
  level.remaining = static_cast<int>(std::max<int64_t>(0, per_minute - missing));
  level.allowed = level.remaining > 0;
  if (!level.allowed) level.wait = level.reset - refill * (per_minute - 1);
  return level;
}

Buckets::Level Buckets::Look(const std::string& key, absl::Duration now, int per_minute) const {
  return LevelAt(FullAt(key, now), now, per_minute);
}

Buckets::Level Buckets::Take(const std::string& key, absl::Duration now, int per_minute) {
  const absl::Duration full_at = FullAt(key, now) + kWindow / per_minute;
  Forget(now);
  Put(key, full_at);
  return LevelAt(full_at, now, per_minute);
}

void Buckets::Meet(const std::string& key, absl::Duration full_at, absl::Duration now) {
  if (full_at > FullAt(key, now)) Put(key, full_at);
}

void Buckets::Put(const std::string& key, absl::Duration full_at) {
  const auto found = full_at_.find(key);
  if (found != full_at_.end()) {
    auto node = order_.extract(found->second);
    node.key() = full_at;
    found->second = order_.insert(std::move(node));
  } else {
    if (full_at_.size() >= kept_) {
      full_at_.erase(order_.begin()->second);
      order_.erase(order_.begin());
    }
    full_at_[key] = order_.emplace(full_at, key);
  }
}

/// Two per request shrink the table faster than one per request can grow it.
void Buckets::Forget(absl::Duration now) {
  for (int i = 0; i < 2 && !order_.empty() && order_.begin()->first <= now; ++i) {
    full_at_.erase(order_.begin()->second);
    order_.erase(order_.begin());
  }
}

}  // namespace cartwise::gateway
