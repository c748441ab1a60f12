#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/time.h>
#include <grpcpp/channel.h>

#include "cartwise/auth/tokens.hpp"
#include "cartwise/base/caller.hpp"
#include "cartwise/base/clock.hpp"
#include "proxy/upstream.hpp"

namespace cartwise::gateway {

/// An API key as tenant-svc knows it.
struct ProvenKey {
  Caller caller;
  std::string token;  ///< what services take in its place
  absl::Time expires_at;
};

/// UNAUTHENTICATED (API_KEY_INVALID); UNAVAILABLE (KEY_CHECK_UNAVAILABLE).
using KeyAnswer = absl::StatusOr<std::shared_ptr<const ProvenKey>>;

/// Exchanges API keys for tokens of services and remembers both answers: a good
/// one as long as its token lives, asked for again in the background from half of
/// that on, so that tenant-svc may be away for minutes; a bad one for seconds.
/// What is remembered is bounded, good and bad apart. Thread-safe; its end waits
/// for the calls it makes, which take seconds at most.
class ApiKeys {
 public:
  using Done = std::function<void(const KeyAnswer&)>;

  /// `channel` is to tenant-svc, whose turns are `tenant`; at least `kept` good and as many bad
  /// ones are remembered, and at most twice that.
  ApiKeys(const std::shared_ptr<grpc::Channel>& channel, Upstream& tenant,
          const auth::TokenVerifier& tokens, const Clock& clock, size_t kept = 5'000);
  ~ApiKeys();

  /// What is known of a key.
  std::optional<KeyAnswer> Find(const std::string& key);
  /// Asks for it; of many who ask at once one does. `done` is heard once, from
  /// any thread, perhaps before this returns.
  void Exchange(const std::string& key, Done done);
  /// What was known of the key with this id counts no more, and what is being
  /// asked is asked again.
  void Forget(const std::string& key_id);

 private:
  using Hash = std::array<char, 32>;
  struct Known {
    KeyAnswer answer;
    absl::Time until;
    absl::Time ask_again_at;
  };
  struct Asking {
    std::vector<Done> waiting;
    bool again = false;
  };
  /// Bounded: when the younger half is full it becomes the older one.
  struct Memory {
    size_t half;
    std::map<Hash, Known> younger = {}, older = {};
    Known* Find(const Hash& hash);
    void Remember(const Hash& hash, Known known);
    void Forget(const Hash& hash);
  };
  struct Stub;
  struct Call;

  void Ask(const std::string& key, const Hash& hash);
  void Answered(const std::string& key, const Hash& hash, const KeyAnswer& answer);
  KeyAnswer Read(const grpc::Status& status, const Call& call) const;
  void Remember(const Hash& hash, const KeyAnswer& answer);

  const std::unique_ptr<Stub> stub_;
  Upstream& tenant_;
  const auth::TokenVerifier& tokens_;
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable answered_;
  Memory good_, bad_;
  std::map<Hash, Asking> asking_;
};

/// The API key that an Authorization header carries; empty for other ones.
std::string ApiKeyIn(const std::string& authorization);

}  // namespace cartwise::gateway
