#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <absl/time/time.h>

namespace cartwise::device {

/// A few threads for work that may block. Work under the same key runs in the
/// order it was posted, on one thread.
class Lanes {
 public:
  explicit Lanes(int threads);
  ~Lanes() { Finish(); }

  /// Finishes what was posted, drops what waits for a later time, and takes nothing any more.
  void Finish();

  void Post(const std::string& key, std::function<void()> work);
  /// The same, not before `delay` has passed.
  void PostAfter(const std::string& key, absl::Duration delay, std::function<void()> work);

 private:
  struct Lane {
    std::mutex mutex;
    std::condition_variable changed;
    std::multimap<absl::Time, std::function<void()>> waiting;
    bool stopping = false;
    std::thread thread;

    void Run();
  };
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace cartwise::device
