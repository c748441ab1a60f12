#include "http2/message.hpp"

#include <cstdint>

namespace cartwise::gateway {

std::string MessagePrefix(size_t message_bytes) {
  std::string prefix(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) {
    prefix.push_back(static_cast<char>(message_bytes >> shift & 0xff));
  }
  return prefix;
}

std::optional<std::string> OnlyMessage(std::string bytes) {
  if (bytes.size() < kMessagePrefix) return std::nullopt;
  if (bytes.compare(0, kMessagePrefix, MessagePrefix(bytes.size() - kMessagePrefix)) != 0) {
    return std::nullopt;
  }
  bytes.erase(0, kMessagePrefix);
  return bytes;
}

}  // namespace cartwise::gateway
