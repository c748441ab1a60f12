#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace cartwise::gateway {

/// The way from a message to a field in it, through single message fields.
using FieldPath = std::vector<const google::protobuf::FieldDescriptor*>;

/// "cart.status" in a message of this type; empty when there is no such field.
FieldPath FindFieldPath(const google::protobuf::Descriptor* type, std::string_view dotted);

/// "cart.status".
std::string FieldPathName(const FieldPath& path);

/// True for fields a path or a query can set: scalars, enums, Timestamp and
/// Duration, single or repeated.
bool IsTextField(const google::protobuf::FieldDescriptor* field);

/// Sets the field from its text (appends, for a repeated one): numbers in
/// decimal, true and false, enums by name, RFC 3339 times, durations as "1.5s",
/// bytes in base64. Answers what is wrong with the text, in words for a person.
absl::Status SetFromText(google::protobuf::Message& message, const FieldPath& path,
                         std::string_view text);

/// The field's text as SetFromText reads it; for single scalar fields.
std::string GetAsText(const google::protobuf::Message& message, const FieldPath& path);

/// True when the field, or a message on the way to it, was set.
bool IsSet(const google::protobuf::Message& message, const FieldPath& path);

}  // namespace cartwise::gateway
