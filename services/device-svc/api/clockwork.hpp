#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "api/control_stream.hpp"
#include "domain/notice.hpp"

namespace cartwise::device {

/// What this process does by the clock: renews its lease, ends silent streams,
/// stores heartbeats, marks vanished devices, gives up abandoned commands, puts
/// the table of streams and its own right. And what other processes ask of it
/// by notice.
class Clockwork {
 public:
  Clockwork(const StreamParts& parts, CommandLog& log);
  /// Stops after the running round.
  ~Clockwork();

  /// A notice of another process (or of this one). Does not block.
  void Hear(const std::string& text);
  /// Notices may have been missed.
  void CatchUp();

 private:
  void Run();
  void EverySecond();
  void EveryFiveSeconds();
  void CompareStreams();
  void Reconfigure(const DeviceKey& device);
  void EndIfReplaced(const DeviceKey& device);
  bool Worry(const char* what, const absl::Status& status);

  const StreamParts& parts_;
  CommandLog& log_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace cartwise::device
