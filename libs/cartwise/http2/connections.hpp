#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

#include <absl/time/time.h>

#include "cartwise/http2/server_connection.hpp"

namespace cartwise::http2 {

/// How many connections a server has on all its event loops. Thread-safe.
class OpenCount {
 public:
  void Add();
  void Remove();
  /// Whether there were none before `patience` was over.
  bool WaitUntilNone(absl::Duration patience);

 private:
  std::mutex mutex_;
  std::condition_variable none_;
  int open_ = 0;
};

/// The connections that a server has on one event loop. Of its thread.
class Connections {
 public:
  explicit Connections(OpenCount& count) : count_(count) {}

  size_t size() const { return all_.size(); }
  bool draining() const { return draining_; }

  /// Holds it until Remove and has it begin.
  void Begin(const std::shared_ptr<ServerConnection>& connection);
  void Remove(ServerConnection& connection);
  void Sweep(Session::Clock::time_point now);
  /// Ends the one that has been idle longest; false when every one has a call.
  bool MakeRoom();
  /// No more calls on any of them.
  void Drain();
  void Close(std::string_view why);

 private:
  OpenCount& count_;
  std::set<std::shared_ptr<ServerConnection>> all_;
  bool draining_ = false;
};

}  // namespace cartwise::http2
