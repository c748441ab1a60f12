#pragma once

#include <cstddef>
#include <map>
#include <string>

#include <absl/container/flat_hash_map.h>
#include <absl/time/time.h>

namespace cartwise::gateway {

/// Token buckets of one kind, by key: each holds a minute's requests and is
/// refilled evenly. A bucket that is full again is forgotten, since a new one is
/// full too. Not thread-safe; time is the caller's, and never goes back.
class Buckets {
 public:
  struct Level {
    bool allowed = true;
    int remaining = 0;     ///< whole requests left now
    absl::Duration wait;   ///< until the next one is allowed; zero when one is
    absl::Duration reset;  ///< until the bucket is full
  };

  /// `per_minute` from 1. At most `kept` buckets are remembered: beyond it the
  /// fullest one is forgotten, which is the one that loses least, and never one
  /// that is busier than the newcomers.
  Buckets(int per_minute, size_t kept);

  int per_minute() const { return per_minute_; }
  /// What the bucket would say to one more request. A bucket with a rate of its
  /// own names it every time, here and below.
  Level Look(const std::string& key, absl::Duration now) const {
    return Look(key, now, per_minute_);
  }
  Level Look(const std::string& key, absl::Duration now, int per_minute) const;
  /// Takes a request out of it, which Look allowed; the level after it.
  Level Take(const std::string& key, absl::Duration now) { return Take(key, now, per_minute_); }
  Level Take(const std::string& key, absl::Duration now, int per_minute);
  /// It is full again not before `full_at`: others drew on it too.
  void Meet(const std::string& key, absl::Duration full_at, absl::Duration now);
  size_t size() const { return full_at_.size(); }

 private:
  /// Keys by the time at which their bucket is full again.
  using Order = std::multimap<absl::Duration, std::string>;

  absl::Duration FullAt(const std::string& key, absl::Duration now) const;
  static Level LevelAt(absl::Duration full_at, absl::Duration now, int per_minute);
  void Put(const std::string& key, absl::Duration full_at);
  void Forget(absl::Duration now);

  const int per_minute_;
  const size_t kept_;
  Order order_;
  absl::flat_hash_map<std::string, Order::iterator> full_at_;
};

}  // namespace cartwise::gateway
