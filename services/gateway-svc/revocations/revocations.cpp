#include "revocations/revocations.hpp"

#include <algorithm>
#include <utility>

#include "cartwise/base/errors.hpp"

namespace cartwise::gateway {
namespace {

// No staff token lives longer.
constexpr absl::Duration kKept = absl::Minutes(16);
// Nor a shopper's.
constexpr absl::Duration kShoppersKept = absl::Hours(31 * 24);
// All are looked at for it, and they come by the ten thousand.
constexpr absl::Duration kDropEvery = absl::Minutes(1);

// By time only where tenant-svc tells no version. Tokens tell their time to the
// second: one of the same second may be the new one. A revoked key has nothing
// else that ends it, so it ends in that second too.
bool IsOlder(const Caller& caller, absl::Time revoked_at, int64_t version) {
  if (version > 0) return caller.rights_version < version;
  if (caller.principal == Principal::kApiKey) return caller.issued_at <= revoked_at;
  return absl::ToUnixSeconds(caller.issued_at) < absl::ToUnixSeconds(revoked_at);
}

bool Ends(const Revocation& revocation, const Caller& caller) {
  const bool key = caller.principal == Principal::kApiKey;
  switch (revocation.kind) {
    case Revocation::Kind::kSignIn:
      return !key && caller.sign_in == revocation.id;
    case Revocation::Kind::kUser:
    case Revocation::Kind::kKey:
      return key == (revocation.kind == Revocation::Kind::kKey) &&
             caller.subject == revocation.id &&
             IsOlder(caller, revocation.at, revocation.rights_version);
    case Revocation::Kind::kShopper:
      return false;  // a shopper has no calls that last
  }
  return false;
}

}  // namespace

absl::Status TokenRevoked() {
  return errors::Refuse(
      absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED",
      "this sign-in has ended or its rights have changed; refresh or sign in again");
}

Revocations::Revocations(const Clock& clock, absl::Duration patience)
    : clock_(clock), patience_(patience), thread_([this] { CutOff(); }) {}

Revocations::~Revocations() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Revocations::Add(const Revocation& revocation) {
  std::lock_guard lock(mutex_);
  DropOld();
  if (revocation.kind == Revocation::Kind::kShopper) {
    shoppers_[revocation.id] = revocation.at;
    any_shopper_ = true;
    return;
  }
  if (revocation.kind == Revocation::Kind::kSignIn) {
    sign_ins_[revocation.id] = clock_.SinceBoot();
  } else {
    Rights& rights = rights_[revocation.id];
    rights = {std::max(rights.revoked_at, revocation.at),
              std::max(rights.version, revocation.rights_version), clock_.SinceBoot()};
  }
  any_ = true;
  for (LiveCall* const call : calls_) {
    if (Ends(revocation, call->caller_)) Revoke(*call);
  }
}

void Revocations::DropOld() {
  const absl::Duration now = clock_.SinceBoot();
  if (dropped_at_ && now - *dropped_at_ < kDropEvery) return;
  dropped_at_ = now;
  const absl::Time wall = clock_.Now();
  std::erase_if(sign_ins_, [&](const auto& entry) { return now - entry.second > kKept; });
  std::erase_if(rights_, [&](const auto& entry) { return now - entry.second.heard_at > kKept; });
  std::erase_if(shoppers_, [&](const auto& entry) { return wall - entry.second > kShoppersKept; });
}

absl::Status Revocations::Check(const Caller& caller) const {
  if (caller.principal == Principal::kShopper) {
    if (!any_shopper_) return absl::OkStatus();
    std::lock_guard lock(mutex_);
    return shoppers_.count(caller.sign_in) > 0 ? TokenRevoked() : absl::OkStatus();
  }
  if (!any_ || caller.principal != Principal::kStaff) return absl::OkStatus();
  std::lock_guard lock(mutex_);
  return CheckLocked(caller);
}

absl::Status Revocations::CheckLocked(const Caller& caller) const {
  if (sign_ins_.count(caller.sign_in) > 0) return TokenRevoked();
  const auto rights = rights_.find(caller.subject);
  const bool old =
      rights != rights_.end() && IsOlder(caller, rights->second.revoked_at, rights->second.version);
  return old ? TokenRevoked() : absl::OkStatus();
}

std::shared_ptr<LiveCall> Revocations::NewCall(const Caller& caller, bool streaming) {
  if (!caller.HasRoles()) return nullptr;
  return std::make_shared<LiveCall>(*this, caller, streaming);
}

/// gRPC reacts to a cancellation on a thread of its own, so `mutex_` may be held.
void Revocations::Revoke(LiveCall& call) {
  if (call.cut_off_ || leaving_.count(&call) > 0) return;
  if (call.streaming_) {
    call.cut_off_ = true;
    call.cancel_();
    return;
  }
  call.ends_by_ = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(patience_);
  leaving_.insert(&call);
  changed_.notify_all();
}

void Revocations::CutOff() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto now = std::chrono::steady_clock::now();
    auto next = now + std::chrono::hours(1);
    for (auto call = leaving_.begin(); call != leaving_.end();) {
      if ((*call)->ends_by_ > now) {
        next = std::min(next, (*call)->ends_by_);
        ++call;
        continue;
      }
      (*call)->cut_off_ = true;
      (*call)->cancel_();
      call = leaving_.erase(call);
    }
    changed_.wait_until(lock, next);
  }
}

void LiveCall::Begin(std::function<void()> cancel) {
  std::lock_guard lock(all_.mutex_);
  cancel_ = std::move(cancel);
  all_.calls_.insert(this);
  if (!all_.CheckLocked(caller_).ok()) all_.Revoke(*this);
}

void LiveCall::End() {
  std::lock_guard lock(all_.mutex_);
  all_.calls_.erase(this);
  all_.leaving_.erase(this);
}

}  // namespace cartwise::gateway
