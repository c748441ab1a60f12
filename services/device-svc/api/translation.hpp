#pragma once

#include <optional>
#include <string>

#include <absl/status/statusor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "cartwise/base/optional.hpp"
#include "cartwise/device/v1/commands.pb.h"
#include "cartwise/device/v1/controllers.pb.h"
#include "cartwise/device/v1/devices.pb.h"
#include "cartwise/rpc/values.hpp"
#include "domain/command.hpp"
#include "domain/controller.hpp"
#include "domain/device.hpp"

/// Between the domain's values and this service's protos.
namespace cartwise::device {

using rpc::FromTimestamp;
using rpc::ToTimestamp;
google::protobuf::Struct ToStruct(const std::string& json_object);
/// INVALID_FIELD for what the database cannot hold: NUL, NaN, infinity.
absl::StatusOr<std::string> ToJson(std::string_view field, const google::protobuf::Struct& object);

v1::Device ToProto(const Device& device);
v1::Controller ToProto(const Controller& controller);
v1::Command ToProto(const Command& command);

v1::Device::Status ToProto(Status status);
v1::Device::Lifecycle ToProto(Lifecycle lifecycle);
std::optional<Status> FromProto(v1::Device::Status status);
std::optional<Lifecycle> FromProto(v1::Device::Lifecycle lifecycle);
std::optional<CommandState> FromProto(v1::Command::State state);

}  // namespace cartwise::device
