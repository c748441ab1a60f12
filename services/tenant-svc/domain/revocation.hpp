#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <absl/time/time.h>

namespace cartwise::tenant {

/// Longer than a token lives that a revocation could be for.
inline constexpr absl::Duration kRevocationsTold = absl::Minutes(16);

/// The same of a shopper's token.
inline constexpr absl::Duration kShopperRevocationsTold = absl::Hours(31 * 24);

/// Something that ended although tokens of it are still good.
struct Revocation {
  std::string kind;  ///< "SIGN_IN", "USER", "KEY" or "SHOPPER"
  std::string id;
  absl::Time at;
  int64_t rights_version = 0;  ///< of USER and KEY: tokens of a smaller one end
};

/// Passes what is heard of revocations on to everybody who watches. Thread-safe;
/// outlives its watches.
class RevocationFeed {
 public:
  /// What a watcher has to hear next.
  struct News {
    std::vector<Revocation> revocations;
    bool missed = false;  ///< read the recent ones instead
    bool over = false;    ///< nothing will come any more
  };

  /// One watcher. The first news is that everything was missed.
  class Watch {
   public:
    explicit Watch(RevocationFeed& feed);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    /// Waits for news, at most so long; may be empty then.
    News Next(absl::Duration most);

   private:
    friend class RevocationFeed;
    RevocationFeed& feed_;
    News news_;
  };

  void Heard(const Revocation& revocation);
  /// Some may not have been heard.
  void Missed();
  /// Every watch is over.
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<Watch*> watches_;
  bool closed_ = false;
};

}  // namespace cartwise::tenant
