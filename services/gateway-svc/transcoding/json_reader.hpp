#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <google/protobuf/message.h>

namespace cartwise::gateway {

/// Deepest nesting of objects and lists in a body.
inline constexpr int kMaxJsonDepth = 32;

/// Fills `out` from a JSON object, straight from the parser's tokens: no tree
/// is built, no recursion, time linear in the text.
///
/// Exactly RFC 8259, then exactly the types of the contract, by the field names
/// of the contract: integers, booleans and texts as such, 64-bit integers also
/// as texts, enums by name, bytes in base64, Timestamp, Duration, Struct, Value
/// and ListValue as proto3 JSON writes them; null means absent. Refused are
/// unknown names, a name twice in one object, two members of a oneof, the
/// character U+0000 and nesting deeper than kMaxJsonDepth.
///
/// INVALID_ARGUMENT: INVALID_JSON, or INVALID_FIELD naming each field at fault
/// (the first ten), "events[2].occurred_at". `out` is half filled then.
absl::Status ReadJson(std::string_view json, google::protobuf::Message& out);

}  // namespace cartwise::gateway
