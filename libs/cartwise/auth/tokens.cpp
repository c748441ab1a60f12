#include "cartwise/auth/tokens.hpp"

#include <array>
#include <mutex>
#include <utility>

#include <absl/container/flat_hash_map.h>
#include <absl/strings/str_cat.h>

#include "cartwise/auth/claims.hpp"
#include "cartwise/auth/digest.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::auth {
namespace {

constexpr size_t kMaxTokenBytes = 16 * 1024;
// Clocks of two machines may differ; expiry has no leeway.
constexpr absl::Duration kClockSkew = absl::Seconds(60);

// "tenant-2026a" signs for tenant-svc, "device-2026a" for device-svc; else empty.
std::string IssuerOf(std::string_view key_id) {
  if (key_id.starts_with("tenant-")) return "tenant-svc";
  if (key_id.starts_with("device-")) return "device-svc";
  return "";
}

bool MaySign(const std::string& issuer, Principal principal) {
  return issuer == (principal == Principal::kDevice ? "device-svc" : "tenant-svc");
}

// Proven tokens by their hash, bounded: when the younger half is full, it
// becomes the older one and the old older one is forgotten.
class ProvenTokens {
 public:
  using Hash = std::array<char, 32>;

  std::optional<Caller> Find(const Hash& hash) {
    std::lock_guard lock(mutex_);
    for (auto* half : {&younger_, &older_}) {
      if (const auto found = half->find(hash); found != half->end()) return found->second;
    }
    return std::nullopt;
  }

  /// Forgets what other keys proved.
  void KeepOnlyOf(const KeySet& keys) {
    std::lock_guard lock(mutex_);
    if (keys_ && keys_->SameAs(keys)) return;
    keys_ = keys;
    younger_.clear();
    older_.clear();
  }

  /// Unless the keys have changed since.
  void Remember(const Hash& hash, const Caller& proven, const KeySet& by) {
    std::lock_guard lock(mutex_);
    if (!keys_ || !keys_->SameAs(by)) return;
    if (younger_.size() >= kHalf) {
      older_ = std::move(younger_);
      younger_.clear();
    }
    younger_.insert_or_assign(hash, proven);
  }

 private:
  static constexpr size_t kHalf = 2048;
  std::mutex mutex_;
  std::optional<KeySet> keys_;
  absl::flat_hash_map<Hash, Caller> younger_, older_;
};

}  // namespace

std::string IssueToken(const SigningKey& key, const Caller& caller, absl::Time now,
                       absl::Duration life) {
  const std::string signed_part =
      absl::StrCat(Base64UrlEncode(HeaderJson(key.id(), caller.principal)), ".",
                   Base64UrlEncode(ClaimsJson(caller, IssuerOf(key.id()), now, life)));
  return absl::StrCat(signed_part, ".", Base64UrlEncode(key.Sign(signed_part)));
}

struct TokenVerifier::State {
  std::optional<Caller> Prove(std::string_view token, const KeySet& keys) const;

  KeySource keys;
  const Clock& clock;
  mutable ProvenTokens proven;
};

// The signature comes before the claims are looked at: what is not ours is not parsed.
std::optional<Caller> TokenVerifier::State::Prove(std::string_view token,
                                                  const KeySet& keys) const {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return std::nullopt;
  const auto header = Base64UrlDecode(token.substr(0, first));
  const auto payload = Base64UrlDecode(token.substr(first + 1, second - first - 1));
  const auto signature = Base64UrlDecode(token.substr(second + 1));
  if (!header.ok() || !payload.ok() || !signature.ok()) return std::nullopt;

  const auto jose = ParseHeader(*header);
  if (!jose || !keys.Verify(jose->kid, token.substr(0, second), *signature)) return std::nullopt;
  auto claims = ParseClaims(*payload, jose->typ);
  if (!claims) return std::nullopt;

  const absl::Time now = clock.Now();
  const bool ours =
      claims->issuer == IssuerOf(jose->kid) && MaySign(claims->issuer, claims->caller.principal);
  const bool in_time = now < claims->caller.expires_at && claims->not_before <= now + kClockSkew &&
                       claims->caller.issued_at <= now + kClockSkew;
  if (!ours || !in_time) return std::nullopt;
  return std::move(claims->caller);
}

TokenVerifier::TokenVerifier(KeySet keys, const Clock& clock)
    : TokenVerifier([keys = std::move(keys)] { return keys; }, clock) {}
TokenVerifier::TokenVerifier(KeySource keys, const Clock& clock)
    : state_(new State{std::move(keys), clock, {}}) {}
TokenVerifier::~TokenVerifier() = default;

absl::StatusOr<Caller> TokenVerifier::Verify(std::string_view token) const {
  const absl::Status bad = errors::Refuse(absl::StatusCode::kUnauthenticated, "BAD_TOKEN",
                                          "the token is not valid; sign in again");
  if (token.size() > kMaxTokenBytes) return bad;
  const auto hash = Sha256(token);
  const KeySet keys = state_->keys();
  state_->proven.KeepOnlyOf(keys);
  if (auto known = state_->proven.Find(hash)) {
    if (state_->clock.Now() >= known->expires_at) return bad;
    return *std::move(known);
  }
  auto proven = state_->Prove(token, keys);
  if (!proven) return bad;
  state_->proven.Remember(hash, *proven, keys);
  return *std::move(proven);
}

}  // namespace cartwise::auth
