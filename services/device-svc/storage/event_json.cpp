#include "storage/event_json.hpp"

#include <nlohmann/json.hpp>

#include "cartwise/base/text.hpp"

namespace cartwise::device {
namespace {

using nlohmann::json;

// What is stored came in as UTF-8; a bad byte must not throw here all the same.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Name(std::string_view name) {
  return std::string(name);
}

}  // namespace

std::string JsonOf(const Device& device, const std::vector<ControllerId>& controllers) {
  json ids = json::array();
  for (const ControllerId& id : controllers) ids.push_back(id.value());
  json value{{"id", device.id.value()},
             {"chain_id", device.chain.value()},
             {"branch_id", device.branch.value()},
             {"device_name", device.name},
             {"mac_address", device.mac_address},
             {"serial_number", device.serial_number},
             {"status", Name(NameOf(device.status))},
             {"lifecycle", Name(NameOf(device.lifecycle))},
             {"transport", Name(NameOf(device.transport))},
             {"firmware_version", device.firmware_version},
             {"ip_address", device.ip_address},
             {"created_at", ToRfc3339(device.created_at)},
             {"updated_at", ToRfc3339(device.updated_at)},
             {"controllers", std::move(ids)}};
  if (device.last_heartbeat) value["last_heartbeat"] = ToRfc3339(*device.last_heartbeat);
  return Dump(value);
}

std::string JsonOf(const Controller& controller, bool device_online) {
  return Dump({{"id", controller.id.value()},
               {"chain_id", controller.chain.value()},
               {"branch_id", controller.branch.value()},
               {"device_id", controller.device.value()},
               {"controller_address", controller.address},
               {"port", controller.port},
               {"baudrate", controller.baudrate},
               {"status", Name(NameOf(controller.status))},
               {"invert_hook", controller.invert_hook},
               {"has_ir", controller.has_ir},
               {"pulse_ms", controller.pulse_ms},
               {"created_at", ToRfc3339(controller.created_at)},
               {"updated_at", ToRfc3339(controller.updated_at)},
               {"device_online", device_online}});
}

std::string JsonOf(const Command& command) {
  json seen = json::parse(command.result, nullptr, false);
  if (seen.is_discarded()) seen = json::object();
  return Dump({{"command_id", command.id.value()},
               {"device_id", command.device.value()},
               {"kind", command.kind},
               {"state", Name(NameOf(command.state))},
               {"reason", command.reason},
               {"seen", std::move(seen)},
               {"attempts", command.attempts}});
}

std::string JsonOf(const NewCommand& command) {
  return Dump({{"command_id", command.id.value()},
               {"device_id", command.device.value()},
               {"kind", command.kind},
               {"requested_by", command.requested_by},
               {"purpose", command.purpose}});
}

}  // namespace cartwise::device
