#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "core/value.hpp"

namespace cartwise::edge {

/// One line of JSON; whole numbers without a fraction, bad UTF-8 replaced.
std::string ToJson(const Value& value);

/// INVALID_ARGUMENT unless `text` is JSON.
absl::StatusOr<Value> FromJson(std::string_view text);

}  // namespace cartwise::edge
