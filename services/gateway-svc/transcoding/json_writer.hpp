#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "transcoding/json_layout.hpp"

namespace cartwise::gateway {

/// Writes a serialized message as proto3 JSON on one line, straight from its
/// bytes: field names as in the contract, enums by name, scalars also when they
/// have their default; absent messages and unset optional fields are left out.
/// docs/adr/2026-11-21-own-json-transcoding.md says why not by the library.
///
/// nullopt for bytes that are no such message, for a text that is not UTF-8,
/// and for nesting of more than 200 messages.
std::optional<std::string> WriteJson(const MessageLayout& layout, std::string_view bytes);

}  // namespace cartwise::gateway
