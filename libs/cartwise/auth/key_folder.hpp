#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/clock.hpp"

namespace cartwise::auth {

/// The keys of a folder, `<kid>.pem` each, which may change while the program
/// runs: whoever asks finds a change after at most 5 s. Files that make no good
/// set are told of once in the log, and the last good one stays. Thread-safe.
///
/// `Keys` is KeySet or SigningKeys.
template <typename Keys>
class KeyFolder {
 public:
  /// INVALID_ARGUMENT unless the folder holds a good set now. `clock` outlives it.
  static absl::StatusOr<std::unique_ptr<KeyFolder>> Open(const std::string& path,
                                                         const Clock& clock);

  Keys Current() const;

 private:
  using Pems = std::map<std::string, std::string>;

  KeyFolder(std::string path, const Clock& clock, Pems pems, Keys keys);
  void Look() const;

  const std::string path_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  mutable absl::Duration looked_at_;
  mutable Pems pems_;  ///< as last read, good or not
  mutable Keys keys_;
};

/// Proves and shows; what every service has.
using TrustedKeys = KeyFolder<KeySet>;
/// Signs; what the service that issues has.
using OwnKeys = KeyFolder<SigningKeys>;

}  // namespace cartwise::auth
