#pragma once

#include <array>
#include <string_view>

namespace cartwise::auth {

/// SHA-256, raw.
std::array<char, 32> Sha256(std::string_view bytes);

}  // namespace cartwise::auth
