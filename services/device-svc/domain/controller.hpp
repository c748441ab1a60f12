#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/time/time.h>

#include "cartwise/base/ids.hpp"

namespace cartwise::device {

/// Whether a board answers. INACTIVE = it never has.
enum class ControllerStatus { kInactive, kActive, kError };

std::string_view NameOf(ControllerStatus status);
ControllerStatus ControllerStatusNamed(std::string_view name);

/// A board that hangs on a device. A plain value.
struct Controller {
  ControllerId id;
  ChainId chain;
  BranchId branch;
  DeviceId device;
  int address = 0;   ///< dial switch, 0 to 9
  std::string port;  ///< stable name of the serial port on the device
  int baudrate = 19200;
  ControllerStatus status = ControllerStatus::kInactive;
  bool invert_hook = false;
  bool has_ir = false;
  int pulse_ms = 550;
  absl::Time created_at;
  absl::Time updated_at;

  /// INVALID_FIELD naming every field at fault.
  absl::Status Check() const;
  /// As Device::Touch.
  void Touch(absl::Time now) { updated_at = std::max(updated_at, now); }
};

/// The fields that are set replace those of a controller.
struct ControllerChange {
  std::optional<int> address;
  std::optional<std::string> port;
  std::optional<int> baudrate;
  std::optional<bool> invert_hook;
  std::optional<bool> has_ir;
  std::optional<int> pulse_ms;

  void ApplyTo(Controller& controller) const;
};

}  // namespace cartwise::device
