#pragma once

#include <functional>
#include <memory>
#include <string>

namespace cartwise::pg {

/// Hears what others NOTIFY on one channel, on a connection and a thread of its
/// own; connects again when that breaks.
class Listener {
 public:
  /// `heard` gets each payload; `connected` is called after every (re)connect,
  /// since what was said meanwhile was missed. Both on the listener's thread.
  Listener(std::string url, std::string channel, std::function<void(const std::string&)> heard,
           std::function<void()> connected);
  ~Listener();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace cartwise::pg
