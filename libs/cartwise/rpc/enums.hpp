#pragma once

#include <absl/status/status.h>
#include <google/protobuf/message.h>

namespace cartwise::rpc {

/// Whether a message of this type has enums of our own, in itself or within.
bool HasEnums(const google::protobuf::Descriptor* type);

/// INVALID_ARGUMENT (INVALID_FIELD) for the first enum whose number its proto does not name: an
/// enum of proto3 is open, and the binary form lets any number through.
absl::Status CheckEnums(const google::protobuf::Message& message);

}  // namespace cartwise::rpc
