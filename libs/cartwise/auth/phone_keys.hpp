#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace cartwise::auth {

/// The secrets behind phone numbers, as their key file holds them.
struct PhoneSecrets {
  /// Tag and 32 bytes each, behind keyed hashes; the first is the newest.
  std::vector<std::pair<std::string, std::string>> lookup;
  /// Id and 32 bytes each; the first seals, all of them open.
  std::vector<std::pair<std::string, std::string>> sealing;

  /// One `<id>:<64 hex digits>` a line, ids of a-z, 0-9 and '-', at most 16. The
  /// ids `lookup` and `lookup-<id>` are keys of look-ups, of which at least one is
  /// required; their tags are "" and "<id>:". A single line of 64 hex digits
  /// stands for the key `first` and for `lookup`. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<PhoneSecrets> Parse(std::string_view text);
};

/// Keyed hashes (HMAC-SHA-256) for one purpose, under each of several keys. A hash
/// is the tag of its key and 64 hex digits. Thread-safe.
class LookUpKeys {
 public:
  LookUpKeys(const PhoneSecrets& secrets, std::string_view purpose);

  /// One for each key, that of the newest first. What was stored under any of
  /// them is found by looking for all.
  std::vector<std::string> Hashes(std::string_view text) const;
  /// Tag of the newest key.
  const std::string& NewestTag() const { return keys_.front().first; }

 private:
  std::vector<std::pair<std::string, std::string>> keys_;
};

/// Seals (AES-256-GCM) for one purpose under the first of several keys and opens
/// under any of them: sealed bytes carry the id of their key. Thread-safe.
class KeyRing {
 public:
  KeyRing(const PhoneSecrets& secrets, std::string_view purpose);

  std::string Seal(std::string_view plain, std::string_view context) const;
  /// FAILED_PRECONDITION naming the id of a key that is not there, DATA_LOSS for
  /// bytes that no key opens. Bytes from before keys had ids open too.
  absl::StatusOr<std::string> Open(std::string_view sealed, std::string_view context) const;
  /// What stands before everything that Seal makes now.
  std::string CurrentPrefix() const;

 private:
  std::string current_;
  std::map<std::string, std::string, std::less<>> keys_;
};

}  // namespace cartwise::auth
