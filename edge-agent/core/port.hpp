#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <absl/status/statusor.h>
#include <absl/time/time.h>

namespace cartwise::edge {

/// An open serial line. One owner, not thread-safe. Any error means that the
/// port is gone: drop it and open a new one.
class Port {
 public:
  virtual ~Port() = default;
  /// Sends all bytes; returns once the system has them. FAILED_PRECONDITION: it
  /// took none. After any other error some may have left.
  virtual absl::Status Write(std::span<const uint8_t> bytes) = 0;
  /// Waits for bytes until `until` (CLOCK_BOOTTIME); 0 when none came.
  virtual absl::StatusOr<size_t> Read(std::span<uint8_t> into, absl::Duration until) = 0;
  /// Forgets what arrived and was not read.
  virtual void DiscardInput() = 0;
};

/// Opens the port of one bus by its stable name.
class PortOpener {
 public:
  virtual ~PortOpener() = default;
  virtual absl::StatusOr<std::unique_ptr<Port>> Open() = 0;
};

}  // namespace cartwise::edge
