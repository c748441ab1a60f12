#pragma once

#include <cstdint>
#include <span>
#include <string>

#include <absl/status/status.h>

namespace cartwise::sim {

/// The adapter: a pseudo-terminal in raw mode behind a stable name.
///
/// Pulled out and plugged in again it is a new terminal, perhaps with another
/// number, under the same name. Single owner, not thread-safe.
class Wire {
 public:
  explicit Wire(std::string name) : name_(std::move(name)) {}
  ~Wire() { Unplug(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Makes the terminal and points the symbolic link at it, replacing a stale
  /// link but nothing else.
  absl::Status Plug();

  /// Removes the link and hangs up: whoever has the terminal open reads EIO.
  void Unplug();

  bool plugged() const { return board_end_ >= 0; }
  const std::string& name() const { return name_; }
  const std::string& device() const { return device_; }  ///< /dev/pts/N
  /// Readable when the host sent something; -1 while unplugged. Non-blocking.
  int fd() const { return board_end_; }

  /// What has arrived, at most the size of `buffer`; 0 when there is nothing.
  size_t Read(std::span<uint8_t> buffer);

  /// Bytes that the host has no room for are lost, as on a line.
  void Write(std::span<const uint8_t> bytes);

 private:
  absl::Status OpenPair();
  absl::Status Link() const;

  const std::string name_;
  std::string device_;
  int board_end_ = -1;
  int host_end_ = -1;  ///< held open, so that an absent host is no hang-up
};

}  // namespace cartwise::sim
