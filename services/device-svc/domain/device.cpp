#include "domain/device.hpp"

#include <array>
#include <cstdlib>

#include "cartwise/base/fields.hpp"
#include "cartwise/base/text.hpp"

namespace cartwise::device {
namespace {

constexpr std::array<std::string_view, 3> kStatus = {"OFFLINE", "ONLINE", "ERROR"};
constexpr std::array<std::string_view, 4> kLifecycle = {"PROVISIONED", "ACTIVE", "QUARANTINED",
                                                        "RETIRED"};
constexpr std::array<std::string_view, 2> kTransport = {"STREAM", "MQTT"};

template <typename Enum, size_t size>
Enum Named(const std::array<std::string_view, size>& names, std::string_view name) {
  for (size_t i = 0; i < size; ++i) {
    if (names[i] == name) return Enum(i);
  }
  std::abort();
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

}  // namespace

std::string_view NameOf(Status status) {
  return kStatus[size_t(status)];
}
std::string_view NameOf(Lifecycle lifecycle) {
  return kLifecycle[size_t(lifecycle)];
}
std::string_view NameOf(Transport transport) {
  return kTransport[size_t(transport)];
}
Status StatusNamed(std::string_view name) {
  return Named<Status>(kStatus, name);
}
Lifecycle LifecycleNamed(std::string_view name) {
  return Named<Lifecycle>(kLifecycle, name);
}
Transport TransportNamed(std::string_view name) {
  return Named<Transport>(kTransport, name);
}

bool DeviceTokens::Accepts(std::string_view hash, absl::Time now) const {
  if (hash.empty()) return false;
  return hash == current || (hash == previous && (!previous_until || now < *previous_until));
}

bool DeviceTokens::MarkUsed(std::string_view hash, absl::Time now) {
  if (hash != current || current_used) return false;
  current_used = true;
  if (!previous.empty()) previous_until = now + kTokenOverlap;
  return true;
}

bool DeviceTokens::Rotate(std::string_view asked_with, std::string fresh) {
  if (asked_with != current && current_used) return false;
  *this = {.current = std::move(fresh), .previous = std::string(asked_with)};
  return true;
}

void Device::SetStatus(Status to, absl::Time now) {
  if (status == to) return;
  status = to;
  status_since = now;
}

std::string NormalMac(std::string_view text) {
  std::string mac = ToLowerAscii(text);
  bool right = mac.size() == 17;
  for (size_t i = 0; right && i < mac.size(); ++i) {
    right = i % 3 == 2 ? mac[i] == ':' : IsHex(mac[i]);
  }
  return right ? mac : "";
}

absl::Status NewDevice::Check() {
  errors::FieldErrors errors;
  const std::string mac = NormalMac(mac_address);
  errors.Require(!mac.empty(), "mac_address", "must be six hex pairs with colons");
  mac_address = mac;
  if (name.empty()) name = mac;
  CheckText(errors, "device_name", name, 0, 200);
  CheckText(errors, "serial_number", serial_number, 0, 100);
  CheckText(errors, "firmware_version", firmware_version, 0, 100);
  CheckText(errors, "branch_code", branch_code, 0, 50);
  return errors.ToStatus();
}

}  // namespace cartwise::device
