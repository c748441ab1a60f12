#pragma once

#include <memory>
#include <string>

#include "cartwise/base/clock.hpp"
#include "core/diary.hpp"
#include "core/port.hpp"

namespace cartwise::edge {

/// Who turns the line around on a half-duplex adapter.
enum class RtsMode {
  kNone,      ///< the adapter itself (most USB-RS485)
  kKernel,    ///< the UART driver (TIOCSRS485); falls back to kNone
  kSoftware,  ///< this program raises RTS while it sends
};

/// Opens a serial port raw, 8N1, for this process alone.
///
/// FAILED_PRECONDITION when another process has it.
class SerialPortOpener final : public PortOpener {
 public:
  SerialPortOpener(std::string path, int baudrate, RtsMode rts_mode, const Clock& clock,
                   Diary& diary);

  absl::StatusOr<std::unique_ptr<Port>> Open() override;

 private:
  const std::string path_;
  const int baudrate_;
  const RtsMode rts_mode_;
  const Clock& clock_;
  Diary& diary_;
};

}  // namespace cartwise::edge
