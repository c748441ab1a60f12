#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"

namespace cartwise::auth {

/// An Ed25519 private key. Thread-safe.
class SigningKey {
 public:
  /// From a file of PEM PKCS#8; the key id is the file's stem.
  static absl::StatusOr<SigningKey> Load(const std::string& path);
  static absl::StatusOr<SigningKey> FromPem(const std::string& id, const std::string& pem);

  const std::string& id() const { return id_; }
  /// 64 bytes.
  std::string Sign(std::string_view bytes) const;
  /// SubjectPublicKeyInfo PEM of the public half.
  std::string PublicPem() const;

 private:
  struct State;
  std::string id_;
  std::shared_ptr<const State> state_;
};

/// The private keys of one service, never none. Thread-safe.
class SigningKeys {
 public:
  /// From PEM texts by key id.
  static absl::StatusOr<SigningKeys> FromPem(const std::map<std::string, std::string>& pems);
  explicit SigningKeys(SigningKey only) : keys_{std::move(only)} {}

  /// What signs now: the one whose id comes last, "tenant-2026b" after "tenant-2026a".
  const SigningKey& Newest() const { return keys_.back(); }
  /// In the order of their ids.
  const std::vector<SigningKey>& All() const { return keys_; }

 private:
  SigningKeys() = default;
  std::vector<SigningKey> keys_;
};

/// Asked for before each use, since keys change while a program runs; see KeyFolder.
using SigningKeySource = std::function<SigningKeys()>;

/// A fixed set of Ed25519 public keys by key id. Thread-safe.
class KeySet {
 public:
  /// From PEM texts by key id.
  static absl::StatusOr<KeySet> FromPem(const std::map<std::string, std::string>& pems);

  bool Verify(std::string_view key_id, std::string_view bytes, std::string_view signature) const;
  bool Has(std::string_view key_id) const;
  /// A copy of one is the same; one that was loaded anew is not.
  bool SameAs(const KeySet& other) const { return state_ == other.state_; }
  /// The keys whose id begins so, as PEM by id.
  std::map<std::string, std::string> Pems(std::string_view prefix) const;
  /// JWK Set (RFC 7517, RFC 8037) for those who prove our tokens elsewhere.
  std::string ToJwks() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// Makes the JWT of a caller (RFC 7519, EdDSA): `iss`, `aud` "cartwise", `sub`, `typ` header
/// "at+jwt" for staff, "key+jwt" for API keys, "shopper+jwt", "device+jwt"; `chain`,
/// `grants`, `phone`, `sid` (sign-in), `rv` (rights version), `scopes`, `rpm` where they apply;
/// `jti`, `iat`, `exp`.
std::string IssueToken(const SigningKey& key, const Caller& caller, absl::Time now,
                       absl::Duration life);

using KeySource = std::function<KeySet()>;

/// Proves tokens. Verified ones are remembered until they expire or the keys
/// change, so a repeat costs a hash look-up. Thread-safe.
///
/// Staff, API key and shopper tokens must be signed by a key whose id starts with
/// "tenant-", device tokens by one that starts with "device-".
class TokenVerifier {
 public:
  TokenVerifier(KeySource keys, const Clock& clock);
  /// With keys that never change, for tests.
  TokenVerifier(KeySet keys, const Clock& clock);
  ~TokenVerifier();

  /// UNAUTHENTICATED (BAD_TOKEN), one text for every fault.
  absl::StatusOr<Caller> Verify(std::string_view token) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::auth
