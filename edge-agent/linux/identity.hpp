#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "cartwise/auth/tokens.hpp"
#include "core/board.hpp"
#include "core/order_store.hpp"

namespace cartwise::edge {

/// Who this Pi is to the cloud, as the enrollment answered.
struct Identity {
  DeviceId device;
  ChainId chain;
  BranchId branch;
  std::string device_token;
  std::map<std::string, std::string> order_keys;  ///< PEM by key id
};

/// `identity.json` (0600) and `boards.json` of the state folder. Thread-safe.
class StateFiles {
 public:
  explicit StateFiles(std::string state_dir) : state_dir_(std::move(state_dir)) {}

  /// nullopt before the enrollment; INVALID_ARGUMENT when the file is unusable,
  /// UNAVAILABLE when it cannot be read.
  absl::StatusOr<std::optional<Identity>> LoadIdentity() const;
  absl::Status SaveIdentity(const Identity& identity) const;
  /// OK when an identity could be saved now.
  absl::Status TrySaving() const;

  /// The boards as last configured, so that the agent polls while the cloud is
  /// away; empty when never configured.
  std::vector<BoardConfig> LoadBoards() const;
  absl::Status SaveBoards(const std::vector<BoardConfig>& boards) const;

 private:
  const std::string state_dir_;
};

/// Order keys that the cloud wants believed in place of the pinned ones.
struct VouchedOrderKeys {
  std::string bytes;                              ///< what is signed, serialized
  std::map<std::string, std::string> pems;        ///< what `bytes` says: PEM by key id
  std::map<std::string, std::string> signatures;  ///< by key id
};

/// The pinned keys of the cloud. Refuses everything until SetKeys.
class PinnedOrderKeys final : public OrderVerifier {
 public:
  absl::Status SetKeys(const std::map<std::string, std::string>& pems);
  bool Verify(const SignedOrder& order) const override;
  /// True when a pinned key signed them.
  bool Vouch(const VouchedOrderKeys& keys) const;

 private:
  bool Proves(const std::string& key_id, const std::string& bytes,
              const std::string& signature) const;

  mutable std::mutex mutex_;
  std::optional<auth::KeySet> keys_;
};

/// When half of a token's life is over, by what it says of itself; nullopt when
/// it does not. Verifies nothing.
std::optional<absl::Time> HalfLife(const std::string& token);

}  // namespace cartwise::edge
