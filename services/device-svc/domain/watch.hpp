#pragma once

#include <string_view>

#include "domain/command.hpp"

namespace cartwise::device {

/// Port: what an operator should hear of. Thread-safe.
class Watch {
 public:
  virtual ~Watch() = default;
  /// Business as usual.
  virtual void Note(std::string_view what, const DeviceId& device, std::string_view detail) = 0;
  /// Somebody should look. The device may be empty.
  virtual void Worry(std::string_view what, const DeviceId& device, std::string_view detail) = 0;
  /// How many agents hold a control stream of this process.
  virtual void Connected(int agents) = 0;
  /// An agent said how a command ended.
  virtual void Ended(CommandState state) = 0;
};

}  // namespace cartwise::device
