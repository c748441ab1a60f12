#pragma once

#include <optional>

namespace cartwise {

/// The value where it is there.
template <typename T>
std::optional<T> If(bool there, const T& value) {
  return there ? std::optional<T>(value) : std::nullopt;
}

}  // namespace cartwise
