#pragma once

#include <string>

namespace cartwise::edge {

/// An address at which a person on the same network finds this Pi; empty when
/// it has none. Loopback counts only when there is no other.
std::string LocalAddress();

}  // namespace cartwise::edge
