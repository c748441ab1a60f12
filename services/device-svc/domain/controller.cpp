#include "domain/controller.hpp"

#include <array>
#include <cstdlib>

#include "cartwise/base/fields.hpp"

namespace cartwise::device {
namespace {

constexpr std::array<std::string_view, 3> kStatus = {"INACTIVE", "ACTIVE", "ERROR"};

bool IsBaudrate(int rate) {
  return rate == 9600 || rate == 19200 || rate == 57600 || rate == 115200;
}

}  // namespace

std::string_view NameOf(ControllerStatus status) {
  return kStatus[size_t(status)];
}

ControllerStatus ControllerStatusNamed(std::string_view name) {
  for (size_t i = 0; i < kStatus.size(); ++i) {
    if (kStatus[i] == name) return ControllerStatus(i);
  }
  std::abort();
}

absl::Status Controller::Check() const {
  errors::FieldErrors errors;
  errors.Require(address >= 0 && address <= 9, "controller_address", "must be 0 to 9");
  CheckText(errors, "port", port, 1, 200);
  errors.Require(IsBaudrate(baudrate), "baudrate", "must be 9600, 19200, 57600 or 115200");
  errors.Require(pulse_ms >= 10 && pulse_ms <= 60000, "pulse_ms", "must be 10 to 60000");
  return errors.ToStatus();
}

void ControllerChange::ApplyTo(Controller& controller) const {
  if (address) controller.address = *address;
  if (port) controller.port = *port;
  if (baudrate) controller.baudrate = *baudrate;
  if (invert_hook) controller.invert_hook = *invert_hook;
  if (has_ir) controller.has_ir = *has_ir;
  if (pulse_ms) controller.pulse_ms = *pulse_ms;
}

}  // namespace cartwise::device
