#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace cartwise::gateway {

/// What stands before a message of gRPC on the wire: whether it is compressed, and its length.
inline constexpr size_t kMessagePrefix = 5;

/// Of a message that is not compressed.
std::string MessagePrefix(size_t message_bytes);

/// What these bytes hold when they are one message, not compressed, and nothing else.
std::optional<std::string> OnlyMessage(std::string bytes);

}  // namespace cartwise::gateway
