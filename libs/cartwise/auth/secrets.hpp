#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace cartwise::auth {

/// argon2id (libsodium, interactive limits), PHC string.
std::string HashPassword(std::string_view password);
bool VerifyPassword(std::string_view password, const std::string& hash);
/// Takes as long as a verification of an existing user would.
void BurnPasswordTime(std::string_view password);

/// `prefix` and 43 base64url characters: 256 random bits.
std::string RandomSecret(std::string_view prefix);

/// SHA-256, lower-case hex; for storing secrets that are random already.
std::string Sha256Hex(std::string_view bytes);
/// HMAC-SHA-256, lower-case hex; for looking up personal data.
std::string HmacHex(std::string_view key, std::string_view bytes);

/// AES-256-GCM with a random nonce in front and the tag behind.
std::string Seal(std::string_view key32, std::string_view plain, std::string_view context);
absl::StatusOr<std::string> Open(std::string_view key32, std::string_view sealed,
                                 std::string_view context);

/// HKDF-SHA-256, 32 bytes: one key file, several purposes.
std::string DeriveKey(std::string_view key, std::string_view purpose);

}  // namespace cartwise::auth
