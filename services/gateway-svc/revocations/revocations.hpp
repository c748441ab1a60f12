#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"

namespace cartwise::gateway {

/// What ended although tokens of it are still good, as
/// cartwise.tenant.v1.Revocation says it.
struct Revocation {
  enum class Kind { kSignIn, kUser, kKey, kShopper };
  Kind kind = Kind::kSignIn;
  std::string id;
  absl::Time at;
  int64_t rights_version = 0;
};

class LiveCall;

/// Knows what was revoked, for as long as tokens live, and ends what is under
/// way for whom it ended: streams at once, a unary call when it does not end by
/// itself within seconds, since it may be the one that revoked. Thread-safe;
/// outlives its calls.
class Revocations {
 public:
  /// Time is that of `clock`, but for what a unary call is given to end by itself.
  explicit Revocations(const Clock& clock, absl::Duration patience = absl::Seconds(3));
  ~Revocations();

  void Add(const Revocation& revocation);

  /// UNAUTHENTICATED (TOKEN_REVOKED) when the caller's token does not hold any
  /// more. What an API key is worth is asked of ApiKeys instead.
  absl::Status Check(const Caller& caller) const;

  /// For a call of this caller that is about to be made.
  std::shared_ptr<LiveCall> NewCall(const Caller& caller, bool streaming);

 private:
  friend class LiveCall;
  absl::Status CheckLocked(const Caller& caller) const;
  void DropOld();
  void Revoke(LiveCall& call);
  void CutOff();

  const Clock& clock_;
  const absl::Duration patience_;
  std::atomic<bool> any_ = false;
  std::atomic<bool> any_shopper_ = false;
  mutable std::mutex mutex_;
  /// By id: when it was heard, by the boot clock.
  std::map<std::string, absl::Duration> sign_ins_;
  /// By id: when a shopper signed out.
  std::map<std::string, absl::Time> shoppers_;
  /// Of the latest revocation: tokens of before hold no more.
  struct Rights {
    absl::Time revoked_at;
    int64_t version;
    absl::Duration heard_at;
  };
  /// By user or key id.
  std::map<std::string, Rights> rights_;
  std::optional<absl::Duration> dropped_at_;  ///< by the boot clock
  std::set<LiveCall*> calls_;
  std::set<LiveCall*> leaving_;  ///< of them: revoked, and given a little time
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread thread_;
};

/// One call under way that a revocation may end.
class LiveCall {
 public:
  LiveCall(Revocations& all, const Caller& caller, bool streaming)
      : all_(all), caller_(caller), streaming_(streaming) {}
  ~LiveCall() { End(); }
  LiveCall(const LiveCall&) = delete;
  LiveCall& operator=(const LiveCall&) = delete;

  /// From now on it may be cancelled, once, from any thread; at once when it was
  /// revoked since it was admitted. `cancel` calls nothing of this class.
  void Begin(std::function<void()> cancel);
  /// When this returns, it is not cancelled any more.
  void End();
  /// True when it was cut off.
  bool cut_off() const { return cut_off_; }

 private:
  friend class Revocations;
  Revocations& all_;
  const Caller caller_;
  const bool streaming_;
  std::function<void()> cancel_;
  std::chrono::steady_clock::time_point ends_by_;
  std::atomic<bool> cut_off_ = false;
};

/// How a call ends that was cut off: UNAUTHENTICATED (TOKEN_REVOKED).
absl::Status TokenRevoked();

}  // namespace cartwise::gateway
