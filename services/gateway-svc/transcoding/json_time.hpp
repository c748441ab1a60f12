#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace cartwise::gateway {

/// Appends a google.protobuf.Timestamp, whatever its class, as RFC 3339 in UTC
/// with 0, 3, 6 or 9 digits of a second, in quotes; null when out of range.
void AppendTimestamp(std::string& out, const google::protobuf::Message& timestamp);

/// Appends a google.protobuf.Duration as seconds, "1.500s".
void AppendDuration(std::string& out, const google::protobuf::Message& duration);

}  // namespace cartwise::gateway
