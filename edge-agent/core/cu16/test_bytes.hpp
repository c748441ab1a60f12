#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

namespace cartwise::edge::cu16 {

using Bytes = std::vector<uint8_t>;

/// Bytes of "02 F0 32 03 27", for tests.
inline Bytes Hex(const std::string& text) {
  std::istringstream in(text);
  Bytes bytes;
  for (std::string part; in >> part;) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(part, nullptr, 16)));
  }
  return bytes;
}

}  // namespace cartwise::edge::cu16
