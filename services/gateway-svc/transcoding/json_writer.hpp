#pragma once

#include <string>

#include <google/protobuf/message.h>

namespace cartwise::gateway {

/// Proto3 JSON on one line, with field names as in the contract, enums by name
/// and scalars also when they have their default. Absent messages and unset
/// optional fields are left out. See docs/adr/2026-11-21-own-json-writer.md for
/// why this is not the protobuf library's. Thread-safe.
std::string WriteJson(const google::protobuf::Message& message);

/// `text` in quotes, escaped.
void AppendJsonString(std::string& out, std::string_view text);

}  // namespace cartwise::gateway
