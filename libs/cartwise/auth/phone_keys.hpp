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
  std::string lookup;  ///< 32 bytes, behind keyed hashes; cannot be changed
  /// Id and 32 bytes each; the first seals, all of them open.
  std::vector<std::pair<std::string, std::string>> sealing;

  /// One `<id>:<64 hex digits>` a line, ids of a-z, 0-9 and '-', at most 16. The
  /// line `lookup:<64 hex digits>` is required. A single line of 64 hex digits
  /// stands for the key `first` and the look-ups. INVALID_ARGUMENT otherwise.
  static absl::StatusOr<PhoneSecrets> Parse(std::string_view text);
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
