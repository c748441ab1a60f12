#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"

namespace cartwise::auth {

/// An Ed25519 private key. Thread-safe.
class SigningKey {
 public:
  /// PEM PKCS#8; the key id is the file's stem.
  static absl::StatusOr<SigningKey> Load(const std::string& path);

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

/// A fixed set of Ed25519 public keys by key id. Thread-safe.
class KeySet {
 public:
  /// Reads every `<kid>.pem` of a folder.
  static absl::StatusOr<KeySet> LoadDirectory(const std::string& path);
  /// From PEM texts by key id.
  static absl::StatusOr<KeySet> FromPem(const std::map<std::string, std::string>& pems);

  bool Verify(std::string_view key_id, std::string_view bytes, std::string_view signature) const;
  bool Has(std::string_view key_id) const;
  /// JWK Set (RFC 7517, RFC 8037) for those who prove our tokens elsewhere.
  std::string ToJwks() const;

 private:
  struct State;
  std::shared_ptr<const State> state_;
};

/// Makes the JWT of a caller (RFC 7519, EdDSA): `iss`, `aud` "cartwise", `sub`, `typ` header
/// "at+jwt" for staff, "shopper+jwt", "device+jwt"; `chain`, `grants`, `phone`
/// where they apply; `jti`, `iat`, `exp`.
std::string IssueToken(const SigningKey& key, const Caller& caller, absl::Time now,
                       absl::Duration life);

/// Proves tokens. Verified ones are remembered until they expire, so a repeat
/// costs a hash look-up. Thread-safe.
///
/// Staff and shopper tokens must be signed by a key whose id starts with
/// "tenant-", device tokens by one that starts with "device-".
class TokenVerifier {
 public:
  TokenVerifier(KeySet keys, const Clock& clock);
  ~TokenVerifier();

  /// UNAUTHENTICATED (BAD_TOKEN), one text for every fault.
  absl::StatusOr<Caller> Verify(std::string_view token) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::auth
