#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <absl/status/status.h>
#include <google/protobuf/message.h>

namespace cartwise::gateway {

/// One JSON value that is neither an object nor a list; null is handled before.
using JsonScalar = std::variant<bool, int64_t, uint64_t, double, std::string>;

/// Sets a field from a JSON value of exactly its type; appends to a repeated
/// one. A field of type google.protobuf.Value takes any. Answers what is wrong,
/// in words for a person.
absl::Status SetFromJson(google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor* field, const JsonScalar& value);

}  // namespace cartwise::gateway
