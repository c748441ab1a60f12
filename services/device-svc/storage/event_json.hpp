#pragma once

#include <string>
#include <vector>

#include "domain/store.hpp"

/// Payloads of this service's events, with the field names of its protos.
namespace cartwise::device {

/// The Device, and `controllers`: the ids of its boards.
std::string JsonOf(const Device& device, const std::vector<ControllerId>& controllers);
/// The Controller, and `device_online`.
std::string JsonOf(const Controller& controller, bool device_online);
/// `command_id`, `device_id`, `kind`, `state`, `reason`, `seen`, `attempts`.
std::string JsonOf(const Command& command);
/// `command_id`, `device_id`, `kind`, `requested_by`, `purpose`.
std::string JsonOf(const NewCommand& command);

}  // namespace cartwise::device
