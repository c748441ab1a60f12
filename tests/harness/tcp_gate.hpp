#pragma once

#include <atomic>
#include <thread>

namespace cartwise::fleet {

/// A TCP relay on loopback that can be shut: while closed, connections stay
/// open and bytes wait in the gate, as on a line that went dead without a word.
class TcpGate {
 public:
  explicit TcpGate(int target_port);
  ~TcpGate();

  int port() const { return port_; }
  /// Bytes stop in both directions.
  void Close() { open_ = false; }
  /// Bytes flow again, first the ones that waited.
  void Open() { open_ = true; }
  /// Cuts every connection (RST) and refuses new ones until Open.
  void Cut();

 private:
  void Run();

  int target_port_;
  int port_ = 0;
  int listener_ = -1;
  std::atomic<bool> open_ = true;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace cartwise::fleet
